import { describe, expect, it } from "vitest";
import { predict } from "../../../runtimes/sim/report/model.ts";
import { atShare, hundredths, summary } from "../../../runtimes/sim/report/statistics.ts";

describe("summaries", () => {
  it("are values of the list", () => {
    expect(summary([30, 10, 20, 40])).toEqual({ min: 10, median: 20, max: 40 });
    expect(summary([7])).toEqual({ min: 7, median: 7, max: 7 });
    expect(summary([])).toBeNull();
  });

  it("give the value that a share of all reached, if so many did", () => {
    const sorted = [1, 2, 3, 4];
    expect([0, 0.25, 0.26, 0.99, 1].map((share) => atShare(sorted, share))).toEqual([1, 1, 2, 4, 4]);
    expect(atShare(sorted, 0.5, 8)).toBe(4);
    expect(atShare(sorted, 0.99, 8)).toBeUndefined();
  });

  it("round to hundredths", () => {
    expect([1 / 3, 2, 0.005].map(hundredths)).toEqual([0.33, 2, 0.01]);
  });
});

describe("the model of an infection", () => {
  it("solves 1 / (1 + (n + 1) e^(-growth r)) for the round", () => {
    // fanout 3, growth 3 * 0.5: ln(101 * 99) / 1.5 = 6.140 rounds of 200 ms.
    expect(predict({ nodes: 100, profile: "lan", loss: 0, failed: 0 })).toEqual({
      fanout: 3,
      roundMs: 200,
      most99Rounds: 7,
      halfMs: 615,
      most99Ms: 1228,
    });
  });

  it("slows down with loss and failures, and knows the profiles", () => {
    const lossy = predict({ nodes: 100, profile: "lan", loss: 0.5, failed: 50 });
    expect(lossy.most99Ms).toBe(4912);
    expect(predict({ nodes: 100, profile: "wan", loss: 0, failed: 0 })).toMatchObject({
      fanout: 4,
      roundMs: 500,
    });
  });
});
