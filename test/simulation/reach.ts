/**
 * User events without any loss on the network: when each arrives at every node, and in which order.
 */

import { Cluster } from "./cluster.ts";

/** What is done. */
export interface ReachOptions {
  readonly seed: number;
  readonly size: number;
  readonly events: number;
  /** The number of nodes that send, in turn. */
  readonly senders: number;
  /** How many events a sender sends at once. */
  readonly burst: number;
  /** The pause until the next sender's turn. */
  readonly pauseMs: number;
  /** An event that arrives later than this is late. */
  readonly lateMs: number;
}

/** What was seen. */
export interface Reach {
  /** Events that a node got late or never. */
  readonly late: string[];
  /** Events that a node got after a later one of the same sender. */
  readonly disordered: string[];
  /** Of each event, the time until the last node had it. */
  readonly lastMs: number[];
}

/** Sends events one after the other in a calm cluster. */
export async function reach(options: ReachOptions): Promise<Reach> {
  const { seed, size, events, senders, burst, pauseMs, lateMs } = options;
  const cluster = new Cluster({ seed, size, network: { latencyMs: [1, 3] } });
  await cluster.join();
  const view = Object.fromEntries(cluster.names.map((name) => [name, "alive" as const]));
  await cluster.converge(cluster.names, view, 60_000);
  await cluster.world.run(30_000);
  const sent = new Map<string, number>();
  for (let index = 0; index < events; index++) {
    const sender = cluster.names[Math.floor(index / burst) % senders]!;
    const name = `${sender} ${index}`;
    sent.set(name, cluster.world.now);
    cluster.node(sender).userEvent(name);
    if ((index + 1) % burst === 0) await cluster.world.run(pauseMs);
  }
  await cluster.world.run(Math.max(lateMs, 60_000));
  const arrived = new Map([...sent.keys()].map((name) => [name, new Map<string, number>()]));
  const disordered: string[] = [];
  const newest = new Map<string, number>();
  for (const { at, observer, event } of cluster.reports) {
    if (event.type !== "user") continue;
    arrived.get(event.name)?.set(observer, at);
    const [sender, index] = event.name.split(" ");
    const stream = `${sender} ${observer}`;
    if (Number(index) < (newest.get(stream) ?? -1))
      disordered.push(`seed ${seed}: ${event.name} at ${observer}`);
    newest.set(stream, Math.max(Number(index), newest.get(stream) ?? -1));
  }
  const late: string[] = [];
  const lastMs: number[] = [];
  for (const [name, byNode] of arrived) {
    const begin = sent.get(name)!;
    for (const node of cluster.names) {
      if ((byNode.get(node) ?? Number.POSITIVE_INFINITY) - begin > lateMs)
        late.push(`seed ${seed}: ${name} at ${node}`);
    }
    lastMs.push(Math.max(...byNode.values()) - begin);
  }
  return { late, disordered, lastMs };
}
