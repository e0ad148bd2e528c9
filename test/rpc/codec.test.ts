/** The codec beside an independent one, the package `msgpackr`. */

import fc from "fast-check";
import { Packr } from "msgpackr/pack";
import { Unpackr } from "msgpackr/unpack";
import { describe, expect, it, test } from "vitest";
import { type Encodable, RpcCodec } from "../../src/rpc/codec.ts";
import { RpcWireError } from "../../src/rpc/wire_error.ts";
import { bytesOfHex } from "./hex.ts";

const codec = new RpcCodec();
const packer = new Packr({ useRecords: false, variableMapSize: true });
const readOptions: object = {
  useRecords: false,
  mapsAsObjects: false,
  int64AsType: "auto",
  copyBuffers: true,
};
const unpacker = new Unpackr(readOptions);

const unsignedMax = 0xffff_ffff_ffff_ffffn;

/** Numbers of every width and at every edge, as `integer` makes them. */
const number = fc.oneof(
  fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(-0x8000_0000, -0x8001, -0x8000, -0x81, -0x80, -0x21, -0x20, -1, 0, 0x7f, 0x80, 0xff, 0x100),
  fc.constantFrom(0xffff, 0x10000, 0xffff_ffff),
  fc.double({ noNaN: true }).filter((value) => !Number.isInteger(value)),
);
const long = fc.bigInt({ min: -(2n ** 63n), max: unsignedMax });
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 70 }),
);
const bytes = fc.uint8Array({ maxLength: 300 });
const scalar = fc.oneof(text, number, long, fc.boolean(), fc.constant(null), bytes);

const { value } = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar as fc.Arbitrary<Encodable>,
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(text, tie("value"), { maxKeys: 20, noNullPrototype: true }) as fc.Arbitrary<Encodable>,
    fc.array(fc.tuple(text, tie("value")), { maxLength: 20 }).map((entries) => new Map(entries)),
  ),
}));

describe("what is written", () => {
  it("has the same bytes, and reads the same in both", () => {
    fc.assert(
      fc.property(value, (given) => {
        const written = codec.encode(given);
        expect(written).toEqual(new Uint8Array(packer.pack(given)));
        expect(codec.decode(written)).toEqual(unpacker.unpack(written));
      }),
      { numRuns: 500 },
    );
  }, 60_000);

  it.each([
    31, 32, 255, 256, 65_535, 65_536, 200_000,
  ])("is the same for %i characters, bytes and values", (size) => {
    const values: Encodable[] = [
      "a".repeat(size),
      "ü".repeat(size),
      `${"a".repeat(size - 1)}€`,
      new Uint8Array(size).fill(7),
      Array.from({ length: size }, (_, index) => index),
      new Map(Array.from({ length: size }, (_, index) => [`key ${index}`, index])),
    ];
    for (const given of values) {
      const written = codec.encode(given);
      expect(Buffer.compare(written, packer.pack(given))).toBe(0);
      expect(Buffer.compare(codec.encode(codec.decode(written) as Encodable), written)).toBe(0);
    }
  });

  it("is one object behind the other", () => {
    expect(codec.encode("a", 1, null)).toEqual(bytesOfHex("a16101c0"));
  });

  it("replaces halves of characters", () => {
    expect(codec.decode(codec.encode("a\ud800b"))).toBe("a\ufffdb");
  });

  it("is refused beyond 64 bits, and leaves nothing behind", () => {
    expect(() => codec.encode("lost", unsignedMax + 1n)).toThrow(RangeError);
    expect(() => codec.encode("lost", -(2n ** 63n) - 1n)).toThrow(RangeError);
    expect(() => codec.encode("lost", [undefined as never])).toThrow(TypeError);
    expect(codec.encode(1)).toEqual(Uint8Array.of(1));
  });

  it("does not change when the next object is written", () => {
    const first = codec.encode("first");
    codec.encode("other");
    expect(codec.decode(first)).toBe("first");
  });
});

describe("what is read", () => {
  test.each([
    ["ca40200000", 2.5],
    ["cb4004000000000000", 2.5],
    ["cf0020000000000000", 2n ** 53n],
    ["cf001fffffffffffff", Number.MAX_SAFE_INTEGER],
    ["cfffffffffffffffff", unsignedMax],
    ["d3ffe0000000000000", -(2n ** 53n)],
    ["d3ffffffffffffffff", -1],
    ["da0003616263", "abc"],
    ["c70000", undefined],
    ["92a1ffa3616263", [Uint8Array.of(255), "abc"]],
    [
      "82a161010102",
      new Map<unknown, unknown>([
        ["a", 1],
        [1, 2],
      ]),
    ],
    ["82a16101a16102", new Map([["a", 2]])],
  ])("%s", (hex, wanted) => {
    if (wanted === undefined) expect(() => codec.decode(bytesOfHex(hex))).toThrow(RpcWireError);
    else expect(codec.decode(bytesOfHex(hex))).toEqual(wanted);
  });

  test.each([
    "",
    "a3616",
    "81a161",
    "c405ff",
    "cd01",
    "93c0",
    "cb00",
    "0000",
    "c1",
    "d40000",
  ])("%s is refused: it is cut off, too long or no part of the protocol", (hex) => {
    expect(() => codec.decode(bytesOfHex(hex.length % 2 === 0 ? hex : `${hex}0`))).toThrow(RpcWireError);
  });

  it("is a copy", () => {
    const written = codec.encode(Uint8Array.of(1, 2), "raw");
    const object = written.subarray(0, 4);
    const read = codec.decode(object) as Uint8Array;
    written.fill(9);
    expect(read).toEqual(Uint8Array.of(1, 2));
  });

  it("throws for any bytes nothing but an RpcWireError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
        try {
          codec.decode(given);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcWireError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
