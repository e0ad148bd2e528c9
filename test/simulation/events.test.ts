/**
 * User events and queries in simulated clusters that lose packets.
 */

import { describe, expect, it } from "vitest";
import { type CoreNode, CoreWorld, type Watcher } from "../../runtimes/sim/mod.ts";
import type { SerfEffect } from "../../src/core/serf/effects.ts";
import { encodeBase64 } from "../../src/go/base64.ts";
import { Cluster } from "./cluster.ts";

const minute = 60_000;

/** Counts the deliveries of each event by each node, by event name. */
class Deliveries implements Watcher {
  readonly counts = new Map<string, Map<string, number>>();

  effect(_now: number, { name }: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || effect.event.type !== "user") return;
    const ofEvent = this.counts.get(effect.event.name) ?? new Map<string, number>();
    ofEvent.set(name, (ofEvent.get(name) ?? 0) + 1);
    this.counts.set(effect.event.name, ofEvent);
  }
}

/** Events that a node delivered twice, and those that a node never delivered. */
function faults(
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
  events: readonly string[],
  nodes: readonly string[],
): { twice: string[]; never: string[] } {
  const twice: string[] = [];
  const never: string[] = [];
  for (const event of events) {
    for (const node of nodes) {
      const count = counts.get(event)?.get(node) ?? 0;
      if (count > 1) twice.push(`${event} at ${node}`);
      if (count === 0) never.push(`${event} at ${node}`);
    }
  }
  return { twice, never };
}

describe("the checker of deliveries", () => {
  it("reports an event that arrived twice and one that never arrived", () => {
    const counts = new Map([["e", new Map([["a", 2]])]]);
    expect(faults(counts, ["e"], ["a", "b"])).toEqual({ twice: ["e at a"], never: ["e at b"] });
  });
});

/** A longer run is `TSERF_NODES=200 npx vitest run test/simulation/events.test.ts`. */
const size = Number(process.env["TSERF_NODES"] ?? 100);

describe("a simulated cluster", () => {
  it(`of ${size} nodes under 5 % loss delivers ${5 * size} events at most once everywhere, and all of them by the next push/pull`, {
    timeout: 600_000,
  }, () => {
    const deliveries = new Deliveries();
    const world = new CoreWorld({
      seed: 11,
      size,
      network: { latencyMs: [1, 10], loss: 0.05 },
      options: { compression: false },
      path: "structural",
      watchers: [deliveries],
    });
    world.startJoined();
    world.run(minute);
    const events = Array.from({ length: 5 * size }, (_, index) => `event-${index}`);
    for (const [index, event] of events.entries()) {
      const payload = new TextEncoder().encode(`payload ${index}`);
      const sender = world.nodes[(index * 7_919) % size]!;
      world.command(sender, (core, now) => core.userEvent(now, event, payload, false));
      if (index % 4 === 3) world.run(200);
    }
    world.run(20_000);
    const names = world.nodes.map(({ name }) => name);
    const gossiped = faults(deliveries.counts, events, names);
    expect(gossiped.twice).toEqual([]);
    // Beyond 32 nodes push/pulls are less frequent: every 2 minutes at 200.
    world.run(4 * minute);
    expect(faults(deliveries.counts, events, names)).toEqual({ twice: [], never: [] });
    expect(gossiped.never.length).toBeLessThan(size);
  });

  it("of 50 nodes under 5 % loss changes its key without losing a member", { timeout: 300_000 }, async () => {
    const key = (fill: number): string => encodeBase64(new Uint8Array(32).fill(fill));
    const cluster = new Cluster({
      size: 50,
      seed: 12,
      network: { latencyMs: [1, 10], loss: 0.05 },
      options: { encryptKey: key(1) },
    });
    await cluster.join();
    const view = Object.fromEntries(cluster.names.map((name) => [name, "alive" as const]));
    await cluster.converge(cluster.names, view, 2 * minute);
    const { keys } = cluster.node("n0");
    const insist = async (step: () => Promise<unknown>): Promise<void> => {
      for (let attempt = 0; attempt < 10; attempt++) {
        const failure = await cluster.world.settle(step().then(() => null, String));
        if (failure === null) return;
      }
      throw new Error("ten attempts were not enough");
    };
    await insist(() => keys.install(key(2), { relayFactor: 3 }));
    await insist(() => keys.use(key(2), { relayFactor: 3 }));
    await insist(() => keys.remove(key(1), { relayFactor: 3 }));
    let listed = new Map<string, number>();
    await insist(async () => {
      listed = new Map((await keys.list({ relayFactor: 3 })).keys);
    });
    expect(listed).toEqual(new Map([[key(2), 50]]));
    const replies: string[] = [];
    const query = cluster.node("n9").query("_serf_ping", "", { ack: true, relayFactor: 3 });
    await cluster.world.settle(query.done);
    for await (const reply of query) replies.push(reply.from);
    expect(new Set([...replies, ...(query.missing ?? [])]).size).toBe(50);
    expect(query.missing!.length).toBeLessThan(3);
    for (const name of cluster.names) expect(cluster.view(name)).toEqual(view);
  });
});
