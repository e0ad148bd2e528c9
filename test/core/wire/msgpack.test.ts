import { describe, expect, it } from "vitest";
import { MsgpackReader, MsgpackWriter } from "../../../src/core/wire/msgpack.ts";

const read = (...bytes: number[]): MsgpackReader => new MsgpackReader(Uint8Array.from(bytes));

describe("a reader of msgpack", () => {
  it.each([
    ["a short negative number", [0xff], -1n],
    ["8 bits", [0xd0, 0xfe], -2n],
    ["16 bits", [0xd1, 0xff, 0x00], -256n],
    ["32 bits", [0xd2, 0xff, 0xff, 0x00, 0x00], -65_536n],
    ["64 bits", [0xd3, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], -4_294_967_296n],
    ["8 bits without a sign", [0xcc, 0xfe], 254n],
    ["32 bits without a sign", [0xce, 0xff, 0xff, 0x00, 0x00], 4_294_901_760n],
  ])("reads a number of %s", (_, bytes, value) => {
    expect(read(...bytes).int64()).toBe(value);
  });

  it("refuses a negative number where there is none", () => {
    expect(() => read(0xd0, 0xfe).uint(255)).toThrow("integer -2 is outside 0..255");
    expect(() => read(0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).uint64()).toThrow("negative");
  });

  it.each([
    ["list", [0x93, 1, 2], (reader: MsgpackReader) => reader.arrayHeader()],
    ["long list", [0xdd, 0, 1, 0, 0, 1, 2], (reader: MsgpackReader) => reader.arrayHeader()],
    ["map", [0x82, 1, 2, 3], (reader: MsgpackReader) => reader.mapHeader()],
  ])("refuses a %s that claims more values than there are bytes", (_, bytes, header) => {
    expect(() => header(read(...bytes))).toThrow("msgpack");
    expect(header(read(...bytes, ...new Array(70_000).fill(0)))).toBeGreaterThan(1);
  });
});

describe("a writer of msgpack", () => {
  it.each([
    [31, [0xbf]],
    [32, [0xda, 0, 32]],
    [65_536, [0xdb, 0, 1, 0, 0]],
  ])("begins a string of %i bytes as Go does", (length, header) => {
    const message = new MsgpackWriter().string("x".repeat(length)).finish();
    expect([...message.subarray(0, header.length)]).toEqual(header);
    expect(message).toHaveLength(header.length + length);
    expect(new MsgpackReader(message).string()).toHaveLength(length);
  });
});
