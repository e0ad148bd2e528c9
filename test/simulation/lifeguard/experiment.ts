/**
 * The experiment of the Lifeguard paper (Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness
 * for More Accurate Failure Detection", 2018, section V), on bare cores in virtual time: some members
 * of a healthy cluster are blocked again and again, and nobody ever crashes, so every failure that is
 * reported of another member is a false positive.
 */

import { type CoreNode, CoreWorld, type Watcher } from "../../../runtimes/sim/mod.ts";
import { allRules, type Rules, rulesOfMemberlist, type SwimConfig } from "../../../src/core/swim/config.ts";

/** The settings of one row of the table. */
export interface Configuration {
  readonly name: string;
  readonly swim: Partial<SwimConfig>;
}

const swimRules: Rules = { ...rulesOfMemberlist, buddy: false, nacks: false };

/** SWIM as the paper compares with: no health score, suspicions of one length, no buddies. */
const plain: Partial<SwimConfig> = {
  suspicionMult: 5,
  suspicionMaxTimeoutMult: 1,
  awarenessMax: 1,
  lastChecks: 0,
  rules: swimRules,
};
const probing: Partial<SwimConfig> = { awarenessMax: 8, rules: { ...swimRules, nacks: true } };
const suspecting: Partial<SwimConfig> = { suspicionMaxTimeoutMult: 6 };
/** Lifeguard in full, as memberlist has it. */
const lifeguard: Partial<SwimConfig> = { ...plain, ...probing, ...suspecting, rules: rulesOfMemberlist };

function withRules(rules: Partial<Rules>): Partial<SwimConfig> {
  return { ...lifeguard, rules: { ...rulesOfMemberlist, ...rules } };
}

/** The rows of the paper's table. */
export const configurationsOfPaper: readonly Configuration[] = [
  { name: "SWIM", swim: plain },
  { name: "LHA-Probe only", swim: { ...plain, ...probing } },
  { name: "LHA-Suspicion only", swim: { ...plain, ...suspecting } },
  { name: "Buddy only", swim: { ...plain, rules: { ...swimRules, buddy: true } } },
  { name: "Lifeguard", swim: lifeguard },
];

/** Lifeguard with each of our own rules alone, with all of them, and with shorter suspicions. */
export const ownConfigurations: readonly Configuration[] = [
  { name: "Lifeguard, last checks", swim: { ...lifeguard, lastChecks: 3 } },
  { name: "Lifeguard, stalls are noticed", swim: withRules({ stalls: true }) },
  { name: "Lifeguard, ring", swim: withRules({ ring: true }) },
  { name: "Lifeguard, at once", swim: withRules({ eager: true }) },
  { name: "Lifeguard, both layers in turns", swim: withRules({ turns: true }) },
  { name: "Lifeguard, neighbours are probed", swim: withRules({ probeNeighbours: true }) },
  { name: "Lifeguard, random phases", swim: withRules({ randomPhases: true }) },
  { name: "Lifeguard, small clusters", swim: withRules({ smallClusters: true }) },
  { name: "Lifeguard, evidence of crashes", swim: withRules({ crashEvidence: true }) },
  { name: "Lifeguard, adaptive timeouts", swim: withRules({ adaptiveTimeouts: true }) },
  { name: "tserf, α = 5", swim: { ...lifeguard, lastChecks: 3, rules: allRules } },
  { name: "Lifeguard, α = 4", swim: { ...lifeguard, suspicionMult: 4 } },
  { name: "Lifeguard, α = 2", swim: { ...lifeguard, suspicionMult: 2 } },
  {
    name: "tserf, α = 4 (the default)",
    swim: { ...lifeguard, suspicionMult: 4, lastChecks: 3, rules: allRules },
  },
];

/** One cell of the grid. */
export interface Anomalies {
  readonly size: number;
  readonly seed: number;
  /** How many members are blocked, all at the same time. */
  readonly concurrent: number;
  /** For how long they are blocked each time. */
  readonly blockedMs: number;
  /** For how long they work in between. */
  readonly intervalMs: number;
  /** How long this goes on. */
  readonly durationMs: number;
}

/** What was counted. Failures are those that members report; each report of each member counts. */
export interface Counts {
  /** Failures of members that were never blocked. */
  falsePositives: number;
  /** Those of them that were reported by members that were never blocked. */
  atHealthy: number;
  messages: number;
  bytes: number;
}

/**
 * How many messages a member takes in a millisecond: who is let go for a moment only does not get through
 * all that waits. Go's memberlist spends some 50 microseconds on each.
 */
const inputsPerMs = 20;

/** The interval of probes. */
const probeMs = 1_000;

/** Members join through the first few. */
const seeds = 3;

/** The time that a cluster gets to form, and to come to rest. */
const formingMs = 60_000;

/** Runs cells of the grid and adds up what was counted; `ran` gets each. */
export function countAll(
  swim: Partial<SwimConfig>,
  cells: readonly Anomalies[],
  ran: (cell: Anomalies, counts: Counts) => void = () => undefined,
): Counts {
  const sum: Counts = { falsePositives: 0, atHealthy: 0, messages: 0, bytes: 0 };
  for (const cell of cells) {
    const counts = countFalsePositives(swim, cell);
    for (const key of Object.keys(sum) as (keyof Counts)[]) sum[key] += counts[key];
    ran(cell, counts);
  }
  return sum;
}

/** Runs one cell. */
function countFalsePositives(swim: Partial<SwimConfig>, anomalies: Anomalies): Counts {
  const { size, concurrent, blockedMs, intervalMs, durationMs } = anomalies;
  const counts: Counts = { falsePositives: 0, atHealthy: 0, messages: 0, bytes: 0 };
  const blocked = new Set<string>();
  const watcher: Watcher = {
    effect(_now, node, effect) {
      if (effect.kind !== "emit" || effect.event.type !== "member-failed") return;
      for (const { name } of effect.event.members) {
        if (blocked.has(name)) continue;
        counts.falsePositives += 1;
        if (!blocked.has(node.name)) counts.atHealthy += 1;
      }
    },
  };
  const world = form(swim, anomalies, watcher);
  const victims = world.nodes.slice(size - concurrent);
  for (const { name } of victims) blocked.add(name);
  const before = { ...world.history };
  const end = world.now + durationMs;
  while (world.now < end) {
    block(world, victims, Math.min(blockedMs, end - world.now));
    if (world.now < end) world.run(Math.min(intervalMs, end - world.now));
  }
  counts.messages = world.history.datagrams - before.datagrams;
  counts.bytes = world.history.datagramBytes - before.datagramBytes;
  return counts;
}

/**
 * Blocks the messages of some members. What arrived is taken when they go on, at {@link inputsPerMs}. A loop of memberlist stops at the first message that it cannot
 * send, while suspicions go on: so after the time for one probe the whole program stands still, and
 * what is due then is done first when it goes on, before anything that has arrived.
 */
function block(world: CoreWorld, victims: readonly CoreNode[], ms: number): void {
  for (const victim of victims) world.block(victim);
  world.run(Math.min(ms, probeMs));
  if (ms > probeMs) {
    for (const victim of victims) world.pause(victim);
    world.run(ms - probeMs);
    for (const victim of victims) world.resume(victim);
    world.run(0);
  }
  for (const victim of victims) world.unblock(victim, inputsPerMs);
}

/** Milliseconds from a crash until the first member, and until the last one, reported it. */
export interface Detection {
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Crashes one member after the other and returns how soon each was reported. */
export function detect(
  swim: Partial<SwimConfig>,
  { size, seed, crashes }: { readonly size: number; readonly seed: number; readonly crashes: number },
): Detection[] {
  const reports = new Map<string, number[]>();
  const watcher: Watcher = {
    effect(now, _node, effect) {
      if (effect.kind !== "emit" || effect.event.type !== "member-failed") return;
      for (const { name } of effect.event.members) reports.get(name)?.push(now);
    },
  };
  const world = form(swim, { size, seed }, watcher);
  return Array.from({ length: crashes }, (_, index) => {
    const victim = world.nodes[size - 1 - index]!;
    const times: number[] = [];
    reports.set(victim.name, times);
    world.run(1_000 + ((997 * (index + seed)) % 1_000));
    const crashedAt = world.now;
    world.crash(victim, true);
    const left = size - 1 - index;
    if (!world.runUntil(() => times.length === left, 120_000)) {
      throw new Error(`Only ${times.length} of ${left} members reported the crash of ${victim.name}`);
    }
    return { firstMs: times[0]! - crashedAt, lastMs: times.at(-1)! - crashedAt };
  });
}

/** Starts a cluster and waits until it is at rest. */
function form(
  swim: Partial<SwimConfig>,
  { size, seed }: { readonly size: number; readonly seed: number },
  watcher: Watcher,
): CoreWorld {
  const world = new CoreWorld({
    seed,
    size,
    network: { latencyMs: [1, 5] },
    options: { coalesceMs: 0, compression: false },
    swim: () => swim,
    watchers: [watcher],
  });
  for (const node of world.nodes) {
    const { index } = node;
    const through = world.nodes[index < seeds ? 0 : index % seeds]!;
    world.at((1_009 * index) % 1_000, () => world.start(node));
    if (index > 0) world.at(1_000 + 10 * index, () => world.join(node, through));
  }
  world.run(formingMs);
  const lonely = world.nodes.filter(
    (node) => node.core.members().filter(({ status }) => status === "alive").length < size,
  );
  if (lonely.length > 0)
    throw new Error(`The cluster did not form: ${lonely.length} of ${size} nodes miss some`);
  return world;
}
