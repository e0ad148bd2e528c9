/**
 * A cluster on a lossy network for a long time: all join, some crash, and then nothing happens but
 * gossip. All checkers watch, above all the one for false failures.
 */

import { Checkers, CoreWorld, type SerfOptions } from "../../../runtimes/sim/mod.ts";

/** What is simulated. */
export interface EnduranceOptions {
  readonly seed: number;
  /** The number of nodes. */
  readonly size: number;
  /** The share of datagrams that are lost. */
  readonly loss: number;
  /** Virtual hours after the crashes. */
  readonly hours: number;
  /** The number of nodes that lose power when all have joined. */
  readonly crashes: number;
  /** Called after each virtual hour. */
  readonly onHour?: (hour: number, findings: number) => void;
}

/** What was seen. */
export interface Endured {
  /** What broke a rule, as lines of text. */
  readonly findings: readonly string[];
  /** Who does not believe the truth at the end. */
  readonly mistaken: readonly string[];
  /** How often it was judged whether a death was true. */
  readonly judged: number;
}

const second = 1_000;
const minute = 60 * second;
const options: SerfOptions = { compression: false };

/** Runs it. Throws an Error if the nodes do not become one cluster, or do not notice the crashes, in time. */
export function endure({ seed, size, loss, hours, crashes, onHour }: EnduranceOptions): Endured {
  const checkers = new Checkers({ seed, size, options });
  checkers.truth.disturb("delay");
  const world = new CoreWorld({
    seed,
    size,
    network: { latencyMs: [1, 10], loss },
    options,
    path: "structural",
    watchers: [checkers],
  });
  const { nodes } = world;
  for (const node of nodes) world.at(node.index * 10, () => world.start(node));
  for (const node of nodes.slice(1)) {
    const join = (): void =>
      world.join(node, nodes[0]!, (error) => {
        if (error !== undefined) world.at(second, join);
      });
    world.at(second + node.index * 50, join);
  }
  world.run(second + size * 50);
  const [gone, living] = [nodes.slice(0, crashes), nodes.slice(crashes)];
  const mistaken = (statusOf: (name: string) => string): string[] =>
    living
      .filter(({ core }) => nodes.some(({ name }) => core.member(name)?.status !== statusOf(name)))
      .map(({ name }) => name);

  const isJoined = (): boolean => mistaken(() => "alive").length === 0;
  if (!world.runUntil(isJoined, 10 * minute, second)) throw new Error("Not all nodes have joined in time");
  for (const node of gone) world.crash(node, true);
  const dead = new Set(gone.map(({ name }) => name));
  const truth = (name: string): string => (dead.has(name) ? "failed" : "alive");
  if (!world.runUntil(() => mistaken(truth).length === 0, 5 * minute, second))
    throw new Error("Not all nodes have noticed the crashes in time");

  for (let hour = 1; hour <= hours; hour += 1) {
    world.run(60 * minute);
    onHour?.(hour, checkers.findings.length);
  }
  const judge = checkers.rules.find(({ name }) => name.startsWith("no false failure"))!;
  return { findings: checkers.report(), mistaken: mistaken(truth), judged: judge.judged };
}
