/**
 * How fast an event reaches every member of a simulated cluster, and what that costs: gossip that
 * leaves at once beside gossip at intervals only. Links take 1 to 3 ms.
 *
 *     npm run bench:spread
 *     npm run bench:spread -- --nodes=100 --loss=0.05 --seeds=10 --events=100
 */

import { parseArgs } from "node:util";
import { CoreWorld, type Watcher } from "../../runtimes/sim/mod.ts";
import { atShare } from "../../runtimes/sim/report/statistics.ts";
import { allRules, type Rules, rulesOfMemberlist } from "../../src/core/swim/config.ts";
import { Results } from "./results.ts";

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "8,30,100" },
    seeds: { type: "string", default: "3" },
    events: { type: "string", default: "50" },
    /** The pause between two events in ms. */
    pause: { type: "string", default: "2000" },
    loss: { type: "string", default: "0" },
    /** A file for the figures. */
    json: { type: "string" },
  },
});
const count = { seeds: Number(values.seeds), events: Number(values.events) };

/** After this time an event is late, in ms. */
const lateMs = 1_000;

/** How long the events of a seed may take in the end, in ms. */
const waitMs = 60_000;

/** What was seen of one kind of gossip. */
interface Seen {
  readonly lastMs: number[];
  missed: number;
  bytes: number;
  packets: number;
}

function measure(size: number, seed: number, rules: Rules, seen: Seen): void {
  const arrived = new Map<string, Map<number, number>>();
  const watcher: Watcher = {
    effect(now, node, effect) {
      if (effect.kind === "emit" && effect.event.type === "user")
        arrived.get(effect.event.name)?.set(node.index, now);
    },
  };
  const world = new CoreWorld({
    seed,
    size,
    network: { latencyMs: [1, 3] },
    options: { compression: false, coalesceMs: 0 },
    path: "structural",
    swim: () => ({ rules }),
    watchers: [watcher],
  });
  world.startJoined();
  world.run(60_000);
  world.links.shape({ loss: Number(values.loss) });
  world.run(10_000);
  const calm = traffic(world, () => world.run(count.events * Number(values.pause)));
  const sentAt = new Map<string, number>();
  const busy = traffic(world, () => {
    for (let event = 0; event < count.events; event++) {
      const name = `event ${event}`;
      arrived.set(name, new Map());
      sentAt.set(name, world.now);
      const sender = world.nodes[(event * 7) % size]!;
      world.command(sender, (core, now) => core.userEvent(now, name, new Uint8Array(32), false));
      world.run(Number(values.pause));
    }
  });
  world.run(waitMs);
  seen.bytes += busy.bytes - calm.bytes;
  seen.packets += busy.packets - calm.packets;
  for (const [name, times] of arrived) {
    if (times.size < size) seen.missed += 1;
    else seen.lastMs.push(Math.max(...times.values()) - sentAt.get(name)!);
  }
}

function traffic(world: CoreWorld, run: () => void): { readonly bytes: number; readonly packets: number } {
  const { datagramBytes, datagrams } = world.history;
  run();
  return { bytes: world.history.datagramBytes - datagramBytes, packets: world.history.datagrams - datagrams };
}

const results: Results = new Results();
const kinds: Readonly<Record<string, Rules>> = {
  memberlist: rulesOfMemberlist,
  intervals: { ...allRules, eager: false },
  "at once": allRules,
};
for (const size of values.nodes.split(",").map(Number)) {
  for (const [kind, rules] of Object.entries(kinds)) {
    const seen: Seen = { lastMs: [], missed: 0, bytes: 0, packets: 0 };
    for (let seed = 1; seed <= count.seeds; seed++) measure(size, seed, rules, seen);
    const all = count.seeds * count.events;
    const sorted = seen.lastMs.sort((a, b) => a - b);
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => atShare(sorted, share) ?? Number.NaN);
    const late = seen.missed + sorted.filter((ms) => ms > lateMs).length;
    const title = `${size} nodes`;
    results.set(`${title}: last p50, ms`, kind, p50!);
    results.set(`${title}: last p99, ms`, kind, p99!);
    results.set(`${title}: last of all, ms`, kind, max!);
    results.set(`${title}: later than ${lateMs} ms`, kind, late);
    results.set(`${title}: never`, kind, seen.missed);
    results.set(`${title}: bytes for an event and node`, kind, seen.bytes / all / size);
    results.set(`${title}: packets for an event and node`, kind, seen.packets / all / size);
  }
}
console.log(`loss ${values.loss}, ${count.seeds * count.events} events, links of 1 to 3 ms`);
console.log(results.text());
results.save(values.json);
