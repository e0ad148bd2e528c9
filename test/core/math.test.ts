import { describe, expect, it } from "vitest";
import {
  ceilLog10,
  infectionThousandths,
  nodeScaleThousandths,
  pushPullScale,
  suspicionTotalMs,
} from "../../src/core/math.ts";

describe("rounded logarithms", () => {
  it("give the retransmit factor of memberlist", () => {
    const cases = [
      [0, 0],
      [1, 1],
      [9, 1],
      [10, 2],
      [99, 2],
      [100, 3],
      [999, 3],
      [1000, 4],
    ] as const;
    for (const [count, factor] of cases) expect(ceilLog10(count)).toBe(factor);
  });

  it("give the suspicion minimum of memberlist for a multiplier of 4 and a probe each second", () => {
    const cases = [
      [1, 4000],
      [10, 4000],
      [11, 4164],
      [50, 6792],
      [100, 8000],
      [500, 10792],
      [1000, 12000],
    ] as const;
    for (const [count, minimum] of cases) expect(4 * nodeScaleThousandths(count)).toBe(minimum);
  });

  it("shorten a suspicion as memberlist does", () => {
    const totals = (expected: number): number[] =>
      Array.from({ length: expected + 1 }, (_, c) => suspicionTotalMs(c, expected, 4000, 24_000));
    expect(totals(2)).toEqual([24_000, 11_381, 4_000]);
    expect(totals(3)).toEqual([24_000, 14_000, 8_150, 4_000]);
  });

  it("lengthen the push/pull interval above 32 nodes", () => {
    const cases = [
      [1, 1],
      [32, 1],
      [33, 2],
      [64, 2],
      [65, 3],
      [128, 3],
      [129, 4],
      [1000, 6],
    ] as const;
    for (const [count, scale] of cases) expect(pushPullScale(count)).toBe(scale);
  });

  it("give the round at which a share of a cluster is infected", () => {
    // 1 / (1 + 101 e^-x) is 0.5 for x = ln 101, and 0.99 for x = ln (101 * 99).
    expect([0.5, 0.99].map((share) => infectionThousandths(100, share, 1))).toEqual([4_615, 9_210]);
    expect(infectionThousandths(100, 0.99, 1.5)).toBe(6_140);
  });
});
