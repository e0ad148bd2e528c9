/** Events that arrive again are decoded once. */
import { expect, test } from "vitest";
import { encodeUserEvent } from "../../../../src/core/serf/wire/encoding.ts";
import { msgpackCodec, recallingCodec } from "../../../../src/core/serf/wire/serf_codec.ts";

function encoded(index: number, size = 8): Uint8Array {
  const payload = new Uint8Array(size).fill(index);
  const lamportTime = BigInt(index);
  return encodeUserEvent({ type: "userEvent", lamportTime, name: `event-${index}`, payload, coalesce: true });
}

test("the same bytes give the same event, which is not decoded again", () => {
  const codec = recallingCodec();
  const first = codec.decodeMessage(encoded(1));
  expect(first).toEqual(msgpackCodec.decodeMessage(encoded(1)));
  expect(codec.decodeMessage(encoded(1))).toBe(first);
});

test("of 5,000 events none is taken for another one, and each is what it is without memory", () => {
  const codec = recallingCodec();
  for (let round = 0; round < 2; round++)
    for (let index = 0; index < 5_000; index++)
      expect(codec.decodeMessage(encoded(index))).toEqual(msgpackCodec.decodeMessage(encoded(index)));
});

test("a few hundred events are kept, of 512 bytes at most", () => {
  const codec = recallingCodec();
  const firsts = Array.from({ length: 5_000 }, (_, index) => codec.decodeMessage(encoded(index)));
  const kept = firsts.filter((first, index) => codec.decodeMessage(encoded(index)) === first).length;
  expect(kept).toBeLessThanOrEqual(256);
  const long = codec.decodeMessage(encoded(1, 600));
  expect(codec.decodeMessage(encoded(1, 600))).not.toBe(long);
  expect(codec.decodeMessage(encoded(1, 600))).toEqual(long);
});

test("bytes that are no event are refused as often as they come", () => {
  const codec = recallingCodec();
  const broken = encoded(1).slice(0, -1);
  for (let time = 0; time < 2; time++) expect(() => codec.decodeMessage(broken)).toThrow(/msgpack/);
});
