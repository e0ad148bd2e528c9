/** The watchers behind a report, fed by hand. */

import { describe, expect, it } from "vitest";
import type { CoreNode } from "../../../runtimes/sim/cores/node.ts";
import { Beliefs, unaware } from "../../../runtimes/sim/report/beliefs.ts";
import { Spread } from "../../../runtimes/sim/report/spread.ts";
import type { MemberEventType } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";

function cluster(size: number): { index: number; name: string; running: boolean }[] {
  return Array.from({ length: size }, (_, index) => ({ index, name: `n${index}`, running: true }));
}

function members(type: MemberEventType, ...names: readonly string[]): SerfEffect {
  const event = { type, members: names.map((name) => ({ name })) };
  return { kind: "emit", event } as unknown as SerfEffect;
}

function user(payload: Uint8Array, name = "simulated"): SerfEffect {
  return { kind: "emit", event: { type: "user", name, payload, lamportTime: 1n, coalesce: false } };
}

/** Three nodes that know each other. */
function joined(): { beliefs: Beliefs; nodes: readonly CoreNode[]; crash(now: number, index: number): void } {
  const beliefs = new Beliefs(3);
  const all = cluster(3);
  const nodes = all as unknown as readonly CoreNode[];
  for (const node of nodes) beliefs.effect(10 + node.index, node, members("member-join", "n0", "n1", "n2"));
  const crash = (now: number, index: number): void => {
    all[index]!.running = false;
    beliefs.crashed(now, nodes[index]!);
  };
  return { beliefs, nodes, crash };
}

describe("beliefs", () => {
  it("are united when all running nodes know each other", () => {
    const { beliefs, nodes } = joined();
    expect(beliefs.united(nodes)).toBe(true);
    expect(beliefs.lastJoinMs).toBe(12);
    const one = new Beliefs(2);
    const [first, second] = cluster(2) as unknown as readonly CoreNode[];
    one.effect(5, first!, members("member-join", "n0", "n1"));
    expect(one.united([first!, second!])).toBe(false);
  });

  it("say when a crash was known first, and by all", () => {
    const { beliefs, nodes, crash } = joined();
    crash(100, 2);
    expect(beliefs.united(nodes)).toBe(true);
    expect(beliefs.agreed(nodes)).toBe(false);
    beliefs.effect(130, nodes[0]!, members("member-failed", "n2"));
    expect(unaware(beliefs.crashes[0]!, nodes)).toBe(1);
    beliefs.effect(150, nodes[1]!, members("member-failed", "n2"));
    expect(beliefs.agreed(nodes)).toBe(true);
    expect(beliefs.crashes[0]).toMatchObject({ node: 2, atMs: 100, firstMs: 30 });
    expect([...beliefs.crashes[0]!.knownMs.slice(0, 2)]).toEqual([30, 50]);
    expect(beliefs.falsePositives).toBe(0);
  });

  it("count a crash as unknown again when a node believes in the crashed one again", () => {
    const { beliefs, nodes, crash } = joined();
    crash(100, 2);
    for (const node of nodes.slice(0, 2)) beliefs.effect(130, node, members("member-failed", "n2"));
    beliefs.effect(140, nodes[0]!, members("member-join", "n2"));
    expect(beliefs.agreed(nodes)).toBe(false);
  });

  it("count reports about nodes that run, and those that are taken back", () => {
    const { beliefs, nodes } = joined();
    beliefs.effect(100, nodes[0]!, members("member-failed", "n1", "n2"));
    expect(beliefs.united(nodes)).toBe(false);
    beliefs.effect(110, nodes[0]!, members("member-join", "n1"));
    expect(beliefs).toMatchObject({ falsePositives: 2, refuted: 1, splitReports: 0 });
  });

  it("put down to a partition what happens during it", () => {
    const { beliefs, nodes } = joined();
    beliefs.split = true;
    beliefs.effect(100, nodes[0]!, members("member-failed", "n1"));
    beliefs.effect(110, nodes[0]!, members("member-join", "n1"));
    expect(beliefs).toMatchObject({ falsePositives: 0, refuted: 0, splitReports: 1 });
  });

  it("take a crash as known at once by those who believed it already", () => {
    const { beliefs, nodes, crash } = joined();
    beliefs.effect(90, nodes[0]!, members("member-failed", "n2"));
    crash(100, 2);
    expect([...beliefs.crashes[0]!.knownMs]).toEqual([0, -1, -1]);
  });
});

describe("the spread of events", () => {
  it("is when shares of the running nodes have each", () => {
    const spread = new Spread(4);
    const nodes = cluster(4) as unknown as readonly CoreNode[];
    for (const begin of [100, 200]) {
      const { payload } = spread.send(begin, true);
      nodes.forEach((node, index) => {
        spread.effect(begin + index * 10 + (begin - 100) / 100, node, user(payload));
      });
      spread.effect(begin + 90, nodes[0]!, user(payload));
    }
    expect(spread.missing(nodes)).toBe(0);
    expect(spread.times(nodes)).toEqual({
      halfMs: { min: 10, median: 10, max: 11 },
      most99Ms: { min: 30, median: 30, max: 31 },
      lastMs: { min: 30, median: 30, max: 31 },
    });
  });

  it("misses what running nodes did not receive, and other events do not count", () => {
    const spread = new Spread(3);
    const all = cluster(3);
    const nodes = all as unknown as readonly CoreNode[];
    const { payload } = spread.send(0, true);
    spread.effect(1, nodes[0]!, user(payload));
    spread.effect(2, nodes[1]!, user(payload, "other"));
    expect(spread.missing(nodes)).toBe(2);
    expect(spread.times(nodes)).toEqual({ halfMs: null, most99Ms: null, lastMs: null });
    all[2]!.running = false;
    expect(spread.missing(nodes)).toBe(1);
    expect(spread.lost(nodes)).toBe(0);
  });

  it("tells events that were lost with their sender from those that a node misses", () => {
    const spread = new Spread(3);
    const all = cluster(3);
    const nodes = all as unknown as readonly CoreNode[];
    const { payload } = spread.send(0, true);
    spread.effect(0, nodes[0]!, user(payload));
    all[0]!.running = false;
    expect([spread.lost(nodes), spread.missing(nodes)]).toEqual([1, 0]);
  });

  it("leaves out of the times what a partition held up", () => {
    const spread = new Spread(2);
    const nodes = cluster(2) as unknown as readonly CoreNode[];
    const arrived = spread.send(0, true);
    for (const node of nodes) spread.effect(5, node, user(arrived.payload));
    const held = spread.send(10, true);
    spread.cut(nodes);
    const meanwhile = spread.send(20, false);
    for (const { payload } of [held, meanwhile])
      for (const node of nodes) spread.effect(900, node, user(payload));
    expect(spread.times(nodes).lastMs).toEqual({ min: 5, median: 5, max: 5 });
    expect(spread.count).toBe(3);
  });
});
