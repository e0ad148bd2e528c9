import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";

/** A counter as a source, so that draws are predictable. */
function counting(): Random {
  let next = 0;
  return new Random((bytes) => {
    for (let index = 0; index < bytes.length; index++) bytes[index] = next++ & 0xff;
  });
}

describe("random", () => {
  it("never returns a byte twice", () => {
    const random = counting();
    const first = new Uint8Array(3);
    const second = new Uint8Array(3);
    random.bytes(first);
    random.bytes(second);
    expect([...first, ...second]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("draws every value below a bound about equally often", () => {
    let state = 1;
    const random = new Random((bytes) => {
      for (let index = 0; index < bytes.length; index++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        bytes[index] = state >>> 16;
      }
    });
    const counts = new Array<number>(7).fill(0);
    for (let draw = 0; draw < 7000; draw++) counts[random.below(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it("draws again when a draw would make small values more frequent", () => {
    const random = new Random((bytes) => bytes.set([0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0]));
    expect(random.below(7)).toBe(5);
  });

  it("shuffles without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    expect([...counting().shuffle([...items])].sort((a, b) => a - b)).toEqual(items);
  });
});
