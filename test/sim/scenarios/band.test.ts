/**
 * A few seeds whose scenarios have every kind of fault, with the hashes of their histories. The tests
 * of this folder run on Node, Deno and Bun, so all three play the same histories.
 */

import { describe, expect, it } from "vitest";
import { drawScenario, type Outcome, runTrial, stepKinds } from "../../../runtimes/sim/mod.ts";

/**
 * The histories of seeds: as the swarm plays them, with their key if they have one, and again without
 * key and compression. If you change the protocol, the simulator or the draws, these change.
 */
const histories: Readonly<Record<number, readonly [asDrawn: string, plain: string]>> = {
  68: ["784a24c4", "bdac80ff"],
  104: ["b41c2c50", "0ac844f5"],
  129: ["71360c26", "d77ddca5"],
  131: ["89a950a0", "f0c2690e"],
  135: ["2bd5f98e", "c3390927"],
  195: ["273526d0", "5c164ec2"],
  206: ["ebf4c5cf", "a176b058"],
  224: ["2805c8a1", "ea68a967"],
  237: ["6c9df700", "114f5a44"],
  250: ["54d95ab2", "59796c23"],
};

const seeds = Object.keys(histories).map(Number);

describe("the band of seeds for every runtime", () => {
  const outcomes: Outcome[] = [];

  it.each(seeds)("gives the one history of seed %d, with the bytes of packets", (seed) => {
    const scenario = drawScenario({ seed });
    const asDrawn = runTrial(scenario);
    const plain = runTrial({ ...scenario, encrypted: false }, [], { path: "plain" });
    outcomes.push(asDrawn);
    expect([...asDrawn.findings, ...plain.findings]).toEqual([]);
    expect([asDrawn.hash, plain.hash]).toEqual(histories[seed]);
  });

  it.each(seeds)("gives the same history of seed %d with messages that are handed over", (seed) => {
    const scenario = { ...drawScenario({ seed }), encrypted: false };
    const structural = { compareEvery: 1, guarded: true };
    const { hash, findings } = runTrial(scenario, [], { path: "structural", structural });
    expect(findings).toEqual([]);
    expect(hash).toBe(histories[seed]![1]);
  });

  it("has every kind of fault, keys, and peers with memberlist", () => {
    const happened = new Set(outcomes.flatMap((outcome) => [...outcome.happened.keys()]));
    expect(outcomes).toHaveLength(seeds.length);
    expect(stepKinds.filter((kind) => !happened.has(kind))).toEqual([]);
    const scenarios = seeds.map((seed) => drawScenario({ seed }));
    expect(scenarios.some(({ encrypted }) => encrypted)).toBe(true);
    expect(scenarios.some(({ memberlist = [] }) => memberlist.length > 0)).toBe(true);
    expect(new Set(scenarios.map(({ profile }) => profile)).size).toBe(2);
  });
});
