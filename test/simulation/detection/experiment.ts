/**
 * What detection is worth, on bare cores in virtual time: how soon all know that a member has crashed,
 * and how many members are reported as failed that have not.
 */

import { type CoreNode, CoreWorld, type Port, type Watcher } from "../../../runtimes/sim/mod.ts";
import { SeededRandom } from "../../../runtimes/sim/random.ts";
import { allRules, type SwimConfig } from "../../../src/core/swim/config.ts";

/** Settings without our own rules of detection. */
export const plainDetection: Partial<SwimConfig> = {
  rules: { ...allRules, crashEvidence: false, adaptiveTimeouts: false, probeNeighbours: false },
};

/** Settings of one cluster. */
export interface Trial {
  readonly seed: number;
  readonly size: number;
  readonly swim: Partial<SwimConfig>;
  /** Which share of all packets is lost. Default: none. */
  readonly loss?: number;
}

/** One report of a failure. */
interface Report {
  readonly at: number;
  readonly observer: string;
  readonly name: string;
}

/** A cluster that has come to rest, and the failures that its members reported. */
export interface Scene {
  readonly world: CoreWorld;
  readonly random: SeededRandom;
  readonly reports: readonly Report[];
}

/** How long a cluster gets, so that all know whether their neighbours take connections. */
const restMs = 20_000;

/** Starts a cluster with the links of a local network. */
export function begin({ seed, size, swim, loss = 0 }: Trial): Scene {
  const reports: Report[] = [];
  const watcher: Watcher = {
    effect(at, node, effect) {
      if (effect.kind !== "emit" || effect.event.type !== "member-failed") return;
      for (const { name } of effect.event.members) reports.push({ at, observer: node.name, name });
    },
  };
  const world = new CoreWorld({
    seed,
    size,
    network: { latencyMs: [1, 3], loss },
    options: { coalesceMs: 0, compression: false },
    swim: () => swim,
    watchers: [watcher],
    path: "structural",
  });
  world.startJoined();
  world.run(restMs);
  return { world, random: new SeededRandom(seed, "detection"), reports };
}

/** What became of some crashes. */
export interface Detections {
  /** Milliseconds until all others had reported each. */
  readonly lastMs: readonly number[];
  /** How many reports there were of members that run. */
  readonly wrong: number;
}

/** Ends the programs of some members one after the other; with `silently`, their hosts lose power. */
export function crashes(trial: Trial, count: number, silently = false): Detections {
  const { world, random, reports } = begin(trial);
  const gone = new Set<string>();
  const lastMs = Array.from({ length: count }, (_, index) => {
    const victim = world.nodes[trial.size - 1 - index]!;
    gone.add(victim.name);
    world.run(1_000 + random.below(1_000));
    const at = world.now;
    world.crash(victim, silently);
    const mine = (): Report[] => reports.filter(({ name }) => name === victim.name);
    const others = trial.size - gone.size;
    if (!world.runUntil(() => mine().length >= others, 120_000))
      throw new Error(`${victim.name} is not missed`);
    return mine().at(-1)!.at - at;
  });
  return { lastMs, wrong: reports.filter(({ name }) => !gone.has(name)).length };
}

/** What makes members look as if they had crashed. */
export type Trouble =
  /** A firewall refuses TCP connections to some members for ever, and those stand still now and then. */
  | "refusing from the start, pauses"
  /** The same, from a moment on at which others have connected before; packets get lost. */
  | "refusing later, loss"
  /** Programs end and are started again, 0.3 to 1.5 s later. */
  | "restarts"
  /** Programs stand still for 0.2 to 4 s. */
  | "pauses"
  /** Programs that stand still now and then have no room for connections. */
  | "full, pauses";

/** How often members were reported as failed that should not have been: each trouble counts once. */
export function falseFailures(trouble: Trouble, trial: Trial, count: number): number {
  const { world, random, reports } = begin(trial);
  const victims = world.nodes.filter((_, index) => index % 4 === 1);
  const port: Port =
    trouble === "full, pauses" ? "full" : trouble.startsWith("refusing") ? "refusing" : "open";
  for (const victim of victims) victim.port = port;
  // Until all have noticed that the connections that they know of are not taken any more.
  if (trouble === "refusing from the start, pauses") world.run(330_000);
  let wrong = 0;
  for (let done = 0; done < count; done++) {
    const victim = victims[random.below(victims.length)]!;
    world.run(random.below(1_000));
    const from = reports.length;
    if (trouble === "restarts") restart(world, victim, random);
    else if (trouble !== "refusing later, loss") pause(world, victim, random);
    world.run(25_000);
    if (reports.slice(from).length > 0) wrong += 1;
  }
  return wrong;
}

function restart(world: CoreWorld, node: CoreNode, random: SeededRandom): void {
  world.crash(node);
  world.run(300 + random.below(1_200));
  world.start(node);
  world.join(node, world.nodes[0]!);
}

function pause(world: CoreWorld, node: CoreNode, random: SeededRandom): void {
  world.pause(node);
  world.run(200 + random.below(3_800));
  world.resume(node);
}
