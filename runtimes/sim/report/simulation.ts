/**
 * Plays a scenario: a cluster forms, lives through crashes, a partition and lost
 * packets while events are sent, and comes to rest. All chance comes from the seed.
 */

import { nodeScaleThousandths } from "../../../src/core/math.ts";
import { profiles } from "../../../src/core/swim/config.ts";
import { formCluster, startSpreadMs } from "../cores/formation.ts";
import { CoreWorld } from "../cores/world.ts";
import { SeededRandom } from "../random.ts";
import { Beliefs } from "./beliefs.ts";
import { type Course, Recorder } from "./course.ts";
import { type Report, report } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { Spread } from "./spread.ts";

/** How far a simulation is. */
export interface Progress {
  readonly phase: "joining" | "running" | "settling";
  /** Virtual time since the phase began. */
  readonly ms: number;
}

const eventIntervalMs = 1_000;
/** After this time the script begins although not all have joined. */
const joinLimitMs = 600_000;
/** After this time the simulation ends although not all agree. */
const quietLimitMs = 600_000;
const stepMs = 100;

/** Runs a scenario in small steps and returns the report. */
export function* simulate(scenario: Scenario): Generator<Progress, Report> {
  return (yield* simulateCourse(scenario)).report;
}

/** Runs a scenario in small steps and returns the report, and what happened when. */
export function* simulateCourse(
  scenario: Scenario,
): Generator<Progress, { readonly report: Report; readonly course: Course }> {
  const { nodes: size, seed, profile, loss, latencyMs, durationMs, partitionMs } = scenario;
  const random = new SeededRandom(seed, "scenario");
  const beliefs = new Beliefs(size);
  const spread = new Spread(size);
  const world = new CoreWorld({
    seed,
    size,
    network: { latencyMs, loss },
    options: { profile, coalesceMs: 0 },
    watchers: [beliefs, spread],
  });
  const { nodes } = world;
  const recorder = new Recorder();
  const watched = { world, see: () => recorder.sample(world, beliefs) };

  formCluster(world, random);
  world.run(startSpreadMs);
  yield* steps(watched, "joining", joinLimitMs, () => beliefs.united(nodes));
  const joinedMs = beliefs.united(nodes) ? beliefs.lastJoinMs : undefined;

  const beginMs = world.now;
  recorder.scriptMs = beginMs;
  const traffic = trafficOf(world);
  const suspicionMs = longestSuspicionMs(scenario);
  let healedMs: number | undefined;
  let reunitedMs: number | undefined;
  scheduleCrashes(world, scenario, random);
  scheduleEvents(world, durationMs, random, () => spread.send(world.now, !beliefs.split));
  if (partitionMs > 0) {
    const order = shuffled(size, random);
    const from = Math.floor((durationMs - partitionMs) / 2);
    world.at(from, () => {
      beliefs.split = true;
      spread.cut(nodes);
      recorder.cut(world.now);
      world.links.partition([order.slice(0, Math.floor(size / 2))]);
    });
    world.at(from + partitionMs, () => {
      healedMs = world.now;
      recorder.healed(world.now);
      world.links.heal();
    });
  }
  const reunite = (): void => {
    if (healedMs === undefined || !beliefs.split || world.now < healedMs + suspicionMs) return;
    if (!beliefs.united(nodes)) return;
    reunitedMs = Math.max(0, beliefs.lastJoinMs - healedMs);
    beliefs.split = false;
  };
  yield* steps(watched, "running", durationMs, () => {
    reunite();
    return false;
  });
  const runTraffic = trafficOf(world);
  const endMs = world.now;

  const settled = yield* steps(watched, "settling", quietLimitMs, () => {
    reunite();
    return !beliefs.split && beliefs.agreed(nodes) && spread.missing(nodes) === 0;
  });
  const result = report({
    scenario,
    nodes,
    beliefs,
    spread,
    joinedMs,
    reunitedMs,
    settledMs: settled ? world.now - endMs : undefined,
    measured: {
      fromMs: beginMs,
      untilMs: endMs,
      packets: runTraffic.packets - traffic.packets,
      bytes: runTraffic.bytes - traffic.bytes,
    },
    endMs: world.now,
    hash: world.history.hash,
  });
  return { report: result, course: recorder.course(world, beliefs, spread) };
}

/** Returns after how long a suspicion has ended in any case (memberlist `suspicionTimeout`). */
function longestSuspicionMs({ nodes, profile }: Scenario): number {
  const { suspicionMult, suspicionMaxTimeoutMult, probeIntervalMs } = profiles[profile];
  const scale = nodeScaleThousandths(nodes);
  return Math.ceil((suspicionMult * suspicionMaxTimeoutMult * probeIntervalMs * scale) / 1000);
}

/** Lets time pass until `done` holds or the limit is over; returns whether it held. */
function* steps(
  { world, see }: { readonly world: CoreWorld; see(): void },
  phase: Progress["phase"],
  limitMs: number,
  done: () => boolean,
): Generator<Progress, boolean> {
  const begin = world.now;
  const end = begin + limitMs;
  while (!done()) {
    if (world.now >= end) return false;
    see();
    world.run(Math.min(stepMs, end - world.now));
    yield { phase, ms: world.now - begin };
  }
  return true;
}

/** Crashes nodes at even distances over the duration. */
function scheduleCrashes(
  world: CoreWorld,
  { nodes, crashes, durationMs }: Scenario,
  random: SeededRandom,
): void {
  shuffled(nodes, random)
    .slice(0, crashes)
    .forEach((index, place) => {
      const after = Math.floor((durationMs * (place + 1)) / (crashes + 1));
      world.at(after, () => world.crash(world.nodes[index]!));
    });
}

/** Lets a running node send an event each second. */
function scheduleEvents(
  world: CoreWorld,
  durationMs: number,
  random: SeededRandom,
  next: () => { readonly name: string; readonly payload: Uint8Array },
): void {
  for (let after = 0; after < durationMs; after += eventIntervalMs) {
    const first = random.below(world.nodes.length);
    world.at(after, () => {
      const order = [...world.nodes.slice(first), ...world.nodes.slice(0, first)];
      const sender = order.find((node) => node.running)!;
      const { name, payload } = next();
      world.command(sender, (core, now) => core.userEvent(now, name, payload, false));
    });
  }
}

function trafficOf({ history }: CoreWorld): { readonly packets: number; readonly bytes: number } {
  const { datagrams, pieces, datagramBytes, streamBytes } = history;
  return { packets: datagrams + pieces, bytes: datagramBytes + streamBytes };
}

/** Returns the numbers below `count` in a random order (Fisher and Yates). */
function shuffled(count: number, random: SeededRandom): number[] {
  const list = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [list[last], list[other]] = [list[other]!, list[last]!];
  }
  return list;
}
