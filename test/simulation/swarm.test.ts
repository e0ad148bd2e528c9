import { describe, expect, it } from "vitest";
import { type StepKind, stepKinds } from "../../runtimes/sim/mod.ts";
import { addCounts, playSeed } from "./swarm.ts";

/** The seeds of the band that every run of the tests plays. */
const band = { from: 1, to: 60 } as const;

describe("the swarm", () => {
  it("finds nothing in its band, and proves that every fault happened and every rule was applied", () => {
    const happened = new Map<StepKind, number>();
    const judged = new Map<string, number>();
    const reports: string[] = [];
    for (let seed = band.from; seed <= band.to; seed += 1) {
      const { outcome, report } = playSeed(seed);
      reports.push(...report);
      addCounts(happened, outcome.happened);
      addCounts(judged, outcome.judged);
    }
    expect(reports).toEqual([]);
    expect(stepKinds.filter((kind) => !happened.has(kind))).toEqual([]);
    expect([...judged].filter(([, count]) => count === 0)).toEqual([]);
  }, 120_000);

  it("gives one history for a seed", () => {
    const first = playSeed(1).outcome.hash;
    expect(playSeed(1).outcome.hash).toBe(first);
    expect(playSeed(2).outcome.hash).not.toBe(first);
  });
});
