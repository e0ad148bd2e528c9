/** Whole simulations of small clusters, and the report of one, which is the same on every engine. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Report } from "../../../runtimes/sim/report/report.ts";
import type { Scenario } from "../../../runtimes/sim/report/scenario.ts";
import { type Progress, simulate } from "../../../runtimes/sim/report/simulation.ts";
import { reportText } from "../../../runtimes/sim/report/text.ts";

const calm: Scenario = {
  nodes: 5,
  seed: 1,
  profile: "lan",
  loss: 0,
  latencyMs: [1, 5],
  crashes: 0,
  partitionMs: 0,
  durationMs: 5_000,
};

function play(scenario: Scenario): { readonly report: Report; readonly progress: readonly Progress[] } {
  const progress: Progress[] = [];
  const run = simulate(scenario);
  for (;;) {
    const { done, value } = run.next();
    if (done) return { report: value, progress };
    progress.push(value);
  }
}

describe("a simulation", () => {
  it("without faults reports no failed member and misses no event", { timeout: 60_000 }, () => {
    const scenarios = fc.record({
      nodes: fc.integer({ min: 2, max: 10 }),
      seed: fc.integer({ min: 0, max: 0xffff_ffff }),
      profile: fc.constantFrom("lan" as const, "wan" as const, "local" as const),
      most: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(scenarios, ({ most, ...given }) => {
        const { report } = play({ ...calm, ...given, latencyMs: [0, most] });
        expect(report).toMatchObject({
          detection: { crashes: 0, firstMs: null, allMs: null, unaware: 0 },
          falsePositives: { reports: 0, refuted: 0 },
          partition: null,
          events: { sent: 5, missed: 0 },
        });
        expect(report.joinedMs).not.toBeNull();
        expect(report.settledMs).not.toBeNull();
      }),
      { numRuns: 10 },
    );
  });

  it("has the same history for the same seed only", () => {
    const first = play(calm).report;
    expect(play(calm).report).toEqual(first);
    expect(play({ ...calm, seed: 2 }).report.hash).not.toBe(first.hash);
  });

  it("shows how far it is", () => {
    const { progress, report } = play(calm);
    const phases = progress.map(({ phase }) => phase);
    expect([...new Set(phases)]).toEqual(
      ["joining", "running"].filter((phase) => phases.includes(phase as never)),
    );
    expect(progress.filter(({ phase }) => phase === "running").at(-1)?.ms).toBe(calm.durationMs);
    expect(report.endMs).toBeGreaterThanOrEqual(calm.durationMs);
  });

  it("gives the same report on every engine", async () => {
    const scenario: Scenario = {
      nodes: 8,
      seed: 7,
      profile: "lan",
      loss: 0.1,
      latencyMs: [1, 20],
      crashes: 2,
      partitionMs: 8_000,
      durationMs: 20_000,
    };
    const { report } = play(scenario);
    const json = JSON.stringify(report, null, 2);
    await expect(`${reportText(report)}\n\n${json}\n`).toMatchFileSnapshot("./expected.txt");
  });
});
