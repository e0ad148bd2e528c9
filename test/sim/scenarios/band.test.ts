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
  6: ["2866df91", "e88a82b2"],
  38: ["ba74b703", "ce554143"],
  54: ["d5ce5412", "891a290b"],
  70: ["40358bfc", "f5d13d14"],
  96: ["8656b6b5", "b393288e"],
  104: ["b41c2c50", "0ac844f5"],
  128: ["9f5c1a45", "a3b7f116"],
  129: ["239ad20f", "5f799aa1"],
  131: ["a5f5cd8f", "e4e61d0f"],
  185: ["3dc3fbcf", "e1da9750"],
  204: ["0c9c83fa", "5b29940e"],
  206: ["ebf4c5cf", "a176b058"],
  250: ["54d95ab2", "59796c23"],
  251: ["79db410c", "d2b6f295"],
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
