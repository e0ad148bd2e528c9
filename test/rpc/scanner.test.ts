import fc from "fast-check";
import { expect, test } from "vitest";
import { concatenate } from "../../src/rpc/bytes.ts";
import { ObjectReader, RpcCodec } from "../../src/rpc/codec.ts";
import type { ObjectLimits } from "../../src/rpc/scanner.ts";
import { Scanner } from "../../src/rpc/scanner.ts";
import { RpcWireError } from "../../src/rpc/wire_error.ts";
import { bytesOfHex } from "./hex.ts";

const codec = new RpcCodec();
const limits: ObjectLimits = { sizeMax: 4096, valuesMax: 1000, reals: true };

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "value" },
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 20 }).map((entries) => new Map(entries)),
  ),
}));

const encoded = value.map((item) => codec.encode(item as never)).filter((bytes) => bytes.length < 4000);

test("an object ends where its encoder ended it, whatever follows and however it is cut", () => {
  fc.assert(
    fc.property(encoded, fc.uint8Array(), fc.array(fc.nat(40)), (object, tail, cuts) => {
      const stream = concatenate([object, tail]);
      const scanner = new Scanner();
      let seen = 0;
      for (const cut of cuts) {
        seen = Math.min(object.length - 1, seen + cut);
        expect(scanner.scan(stream.subarray(0, seen), limits)).toBeUndefined();
      }
      expect(scanner.scan(stream, limits)).toBe(object.length);
    }),
  );
});

test("consecutive objects are read as they were written", () => {
  fc.assert(
    fc.property(fc.array(encoded, { maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (objects, size) => {
      const reader = new ObjectReader(codec);
      const stream = concatenate(objects);
      const read: unknown[] = [];
      for (let offset = 0; offset < stream.length; offset += size) {
        reader.append(stream.subarray(offset, offset + size));
        for (let next = reader.next(limits); next !== undefined; next = reader.next(limits)) read.push(next);
      }
      expect(read).toEqual(objects.map((bytes) => codec.decode(bytes)));
      expect(reader.pending).toBe(0);
    }),
  );
});

test("no bytes make the reader throw anything but a wire fault", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const reader = new ObjectReader(codec);
      try {
        reader.append(bytes);
        while (reader.next(limits) !== undefined);
      } catch (error) {
        expect(error).toBeInstanceOf(RpcWireError);
      }
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["text longer than the limit", "dbffffffff", limits],
  ["bytes longer than the limit", "c6ffffffff", limits],
  ["more elements than bytes could follow", "ddffffffff", limits],
  ["more pairs than bytes could follow", "dfffffffff", limits],
  ["more values than allowed", "dc03e8", { ...limits, valuesMax: 1000 }],
  ["nesting without end", "91".repeat(40), limits],
  ["an extension", "d40105", limits],
  ["the unassigned byte", "c1", limits],
  ["a real number where none is allowed", "cb3ff0000000000000", { ...limits, reals: false }],
])("%s is rejected before all of it has arrived", (_name, hex, limits) => {
  expect(() => new Scanner().scan(bytesOfHex(hex), limits)).toThrow(RpcWireError);
});
