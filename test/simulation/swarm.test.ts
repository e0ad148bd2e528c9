import { describe, expect, it } from "vitest";
import { runTrial, type StepKind, stepKinds } from "../../runtimes/sim/mod.ts";
import { mended } from "./mended.ts";
import { misjudged } from "./misjudged.ts";
import { addCounts, comparePaths, playSeed } from "./swarm.ts";

/** The seeds that every run of the tests plays. */
const band = { from: 1, to: 60 } as const;

describe("what the swarm found", () => {
  it.each([...mended, ...misjudged])("is mended: $what", (scenario) => {
    expect(runTrial(scenario).findings).toEqual([]);
  });
});

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

  it("gives one history with real bytes and without them", () => {
    const seeds = Array.from({ length: 6 }, (_, index) => band.from + 10 * index);
    expect(seeds.flatMap(comparePaths)).toEqual([]);
  }, 120_000);
});
