/** Clusters that are born joined: they agree from the beginning, and behave like others from then on. */

import { describe, expect, it } from "vitest";
import { disagreements } from "../../../runtimes/sim/checkers/views.ts";
import { Checkers, type CoreNode, CoreWorld, type Watcher } from "../../../runtimes/sim/mod.ts";

const size = 20;
const options = { compression: false, coalesceMs: 0, tags: { role: "web" } } as const;

interface Cluster {
  readonly world: CoreWorld;
  readonly checkers: Checkers;
  /** What was reported, by what and whom it concerns. */
  readonly reports: Map<string, number>;
}

function create(): Cluster {
  const checkers = new Checkers({ seed: 5, size, options });
  const reports = new Map<string, number>();
  const count: Watcher = {
    effect(_now, _node, effect) {
      if (effect.kind !== "emit") return;
      const { event } = effect;
      const subjects =
        "members" in event ? event.members.map(({ name }) => name) : ["name" in event ? event.name : ""];
      for (const subject of subjects) {
        const key = `${event.type} ${subject}`;
        reports.set(key, (reports.get(key) ?? 0) + 1);
      }
    },
  };
  const network = { latencyMs: [1, 5] } as const;
  const world = new CoreWorld({
    seed: 5,
    size,
    options,
    network,
    path: "structural",
    watchers: [checkers, count],
  });
  return { world, checkers, reports };
}

function bornJoined(): Cluster {
  const cluster = create();
  cluster.world.startJoined();
  return cluster;
}

function joined(): Cluster {
  const cluster = create();
  const { world } = cluster;
  for (const node of world.nodes) world.start(node);
  for (const node of world.nodes) if (node.index > 0) world.join(node, world.nodes[0]!);
  world.run(30_000);
  return cluster;
}

/** What a cluster does that loses a member, receives an event, takes a leave, and gets a member back. */
function live({ world, checkers, reports }: Cluster): Record<string, unknown> {
  reports.clear();
  const [sender, crashing, leaving] = world.nodes as unknown as readonly [CoreNode, CoreNode, CoreNode];
  world.command(sender, (core, now) => core.userEvent(now, "deploy", new Uint8Array(8), false));
  world.crash(crashing);
  world.leave(leaving);
  world.run(checkers.bounds.detectionMs);
  const disagreed = disagreements(checkers.scene);
  world.start(crashing);
  world.join(crashing, sender);
  world.run(checkers.bounds.reachMs + checkers.bounds.drainMs);
  checkers.quiet(world.now);
  return { disagreed, report: checkers.report(), known: Object.fromEntries(reports) };
}

describe("a cluster that is born joined", () => {
  it("agrees from the beginning, and every node reports all members once", () => {
    const { world, checkers, reports } = bornJoined();
    expect(world.now).toBe(0);
    expect(disagreements(checkers.scene)).toEqual([]);
    expect([...reports.values()]).toEqual(Array.from({ length: size }, () => size));
  });

  it("sends nothing about it, and exchanges states as one that has been there for long", () => {
    const { world, checkers } = bornJoined();
    for (const node of world.nodes) expect(node.core.inspect().load().broadcasts.length).toBe(0);
    const { pushPullIntervalMs } = checkers.bounds.swim;
    const exchanges = Array.from({ length: 4 }, () => {
      const before = world.history.pieces;
      world.run(pushPullIntervalMs / 4);
      return world.history.pieces - before;
    });
    // Each node begins one in the interval, at any time of it.
    expect(Math.min(...exchanges)).toBeGreaterThan(0);
    world.run(Math.max(0, checkers.bounds.drainMs - pushPullIntervalMs));
    const calm = joined();
    calm.world.run(checkers.bounds.drainMs);
    expect(world.history.datagramBytes).toBeLessThan(calm.world.history.datagramBytes / 2);
    checkers.quiet(world.now);
    expect(checkers.report()).toEqual([]);
  });

  it("behaves like one that joined", () => {
    const born = live(bornJoined());
    expect(born).toEqual(live(joined()));
    expect(born).toMatchObject({ disagreed: [], report: [] });
  });
});
