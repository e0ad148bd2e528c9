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
  6: ["549ca7d8", "29e81ba7"],
  38: ["6ad8b042", "daaa7db6"],
  54: ["8cdb7011", "52da4c5f"],
  70: ["633c8b60", "fe77a64c"],
  96: ["7b0c945d", "fb8e09e8"],
  104: ["19061376", "9e2ae785"],
  128: ["6156ff9e", "4ac39133"],
  129: ["81bc3ac3", "4952368d"],
  131: ["1d997713", "96032330"],
  185: ["8635ef52", "6cec72e9"],
  204: ["23a01227", "978166d0"],
  206: ["ce8ed047", "841a66ed"],
  250: ["85ddbb29", "49455122"],
  251: ["874582de", "dc924cdf"],
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
