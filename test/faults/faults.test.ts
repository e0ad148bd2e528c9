/** Faults of real machines and networks under real agents, ours on every runtime beside Serf's. */

import { describe, expect, it } from "vitest";
import { lacks } from "../machine/here.ts";
import { FaultyCluster } from "./cluster.ts";
import { describeStep, drawFaults, faultKinds } from "./fault.ts";
import { isPossible, playFaults, scriptOf } from "./play.ts";

/** What every run of the tests plays: in each seed every kind once, in about half a minute. */
const band = { seeds: [3, 10], stepCount: 6, seconds: [2, 4] } as const;

describe("a script of faults", () => {
  const draw = {
    size: 6,
    ours: [0, 2, 4],
    kinds: faultKinds,
    stepCount: 10,
    seconds: [4, 25],
  } as const;

  it("is the same for the same seed", () => {
    expect(drawFaults({ ...draw, seed: 3 })).toEqual(drawFaults({ ...draw, seed: 3 }));
    expect(drawFaults({ ...draw, seed: 3 })).not.toEqual(drawFaults({ ...draw, seed: 4 }));
  });

  it("has every kind once before it has one twice", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const faults = drawFaults({ ...draw, seed }).steps.flatMap((step) => step.faults);
      const first = faults.slice(0, faultKinds.length).map(({ kind }) => kind);
      expect(new Set(first).size).toBe(faultKinds.length);
    }
  });

  it("takes memory and disk only from ours", () => {
    const kinds = ["memory", "full"] as const;
    for (let seed = 1; seed <= 50; seed += 1)
      for (const { faults } of drawFaults({ ...draw, kinds, seed }).steps)
        for (const fault of faults) expect([0, 2, 4]).toContain("node" in fault ? fault.node : -1);
  });

  it("is printed in words", () => {
    const faults = [{ kind: "cut", from: [1], to: [0, 2] } as const, { kind: "kill", node: 3 } as const];
    expect(describeStep({ seconds: 5, faults })).toBe(
      "nothing from 1 arrives at 0+2, node 3 is killed for 5 s",
    );
  });
});

describe.skipIf(lacks("networks", "filters"))("a mixed cluster", () => {
  it("is checked by something that notices faults", { timeout: 120_000 }, async () => {
    const cluster = await FaultyCluster.start({ kinds: ["node", "node"], encrypted: false, agreeMs: 6_000 });
    try {
      const split = [{ kind: "split", nodes: [1] }] as const;
      cluster.cause(split);
      await cluster.load(5);
      expect((await cluster.check()).join("\n")).toMatch(
        /^no agreement within 6000 ms:\n0-node lists 0-node alive .*, 1-node failed .*\n1-node lists/,
      );
      await cluster.heal(split);
      expect(await cluster.check()).toEqual([]);
      process.kill(cluster.agents[0]!.pid, "SIGABRT");
      expect((await cluster.check()).join("\n")).toMatch(/^0-node ended with code null:\n/);
    } finally {
      await cluster.remove();
    }
  });

  it.each(band.seeds)("is sound again after every fault of seed %s", { timeout: 300_000 }, async (seed) => {
    const script = scriptOf(seed, band);
    const kinds = script.steps.flatMap(({ faults }) => faults.map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(faultKinds.filter((kind) => isPossible(kind))));
    const lines: string[] = [];
    const { findings } = await playFaults(script, { onLine: (line) => lines.push(line) });
    expect(findings, lines.join("\n")).toEqual([]);
  });
});
