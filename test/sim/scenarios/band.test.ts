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
  6: ["d5301ccd", "733f1fcd"],
  38: ["34b5ec3b", "2d4276bd"],
  54: ["e2069508", "f4a717f9"],
  70: ["4ab18ff7", "a605f409"],
  96: ["f1d01bc8", "a5e2dcdc"],
  104: ["3ec8b6e0", "83d05a1a"],
  128: ["7cfe1874", "a747bd38"],
  129: ["2b451840", "f8cd32cc"],
  131: ["40020616", "fc5f3561"],
  185: ["1872005b", "d581042f"],
  204: ["d2842cbb", "4e937875"],
  206: ["fc3fdb8e", "d4933b48"],
  250: ["b70d4199", "b92d4f58"],
  251: ["db08b55e", "cb0b18a6"],
};

const seeds = Object.keys(histories).map(Number);

describe("the band of seeds for every runtime", { timeout: 60_000 }, () => {
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
    const { hash, findings } = runTrial(scenario, [], { path: "structural" });
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
