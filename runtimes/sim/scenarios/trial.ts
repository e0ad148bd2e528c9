/**
 * One trial: plays a scenario under all checkers. When the faults are over, a healthy cluster has to
 * make progress in closed-form time: all agree, an event arrives everywhere, and queues run empty.
 */

import { rulesOfMemberlist, type SwimConfig } from "../../../src/core/swim/config.ts";
import { Checkers } from "../checkers/checkers.ts";
import { disagreements } from "../checkers/views.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorldOptions } from "../cores/options.ts";
import type { Watcher } from "../cores/watcher.ts";
import { CoreWorld } from "../cores/world.ts";
import { answerTo } from "./answer.ts";
import { Player } from "./player.ts";
import { KeyRotation } from "./rotation.ts";
import { formedMs, namesIn, type Scenario, type StepKind } from "./scenario.ts";

/** What a trial found. */
export interface Outcome {
  /** What broke a rule, as lines of text; empty if all is well. */
  readonly findings: readonly string[];
  /** The names of the rules that were broken. */
  readonly rules: readonly string[];
  /** How often each kind of step really happened. */
  readonly happened: ReadonlyMap<StepKind, number>;
  /** How often each rule was applied. */
  readonly judged: ReadonlyMap<string, number>;
  /** The hash of the history. */
  readonly hash: string;
  /** How long it took after the faults until all agreed; `undefined` if they did not. */
  readonly agreedMs: number | undefined;
  /** Virtual milliseconds times nodes. */
  readonly nodeMs: number;
}

/** The name of the rule that is judged here. */
const progress = "when faults are over, all agree in time";

/** The number of events that are sent at once at the end. */
const burst = 20;

const oldKey = "cg8StVXbQJ0gPvMd9o7yrg==";
/** Settings of a node without our own rules. */
const ofMemberlist: Partial<SwimConfig> = { rules: rulesOfMemberlist, lastChecks: 0 };

const newKey = "OONcUv3p6fxJEYmNP/4qyQ==";

/** Settings of nodes, for those traits of a scenario that concern them. */
export function optionsOf({ profile, encrypted }: Scenario): {
  readonly profile: Scenario["profile"];
  readonly reconnectIntervalMs: number;
  readonly encryptKey?: string;
} {
  return {
    profile,
    reconnectIntervalMs: 5_000,
    ...(encrypted && { encryptKey: oldKey }),
  };
}

/**
 * Plays a scenario. With a `path` nothing is compressed, so that the plain and the structural path
 * have one history.
 */
export function runTrial(
  scenario: Scenario,
  watchers: readonly Watcher[] = [],
  travel: Pick<CoreWorldOptions, "path" | "structural"> = {},
): Outcome {
  const { seed, size, network, snapshots, memberlist = [], steps } = scenario;
  const options = { ...optionsOf(scenario), ...(travel.path !== undefined && { compression: false }) };
  const checkers = new Checkers({
    seed,
    size: namesIn(scenario),
    options,
    memberlist: memberlist.length > 0,
  });
  const rotation = new KeyRotation();
  const supervisor: Watcher = {
    effect: (_now, node, { kind }) => {
      if (kind === "halt") player.halted(node);
    },
  };
  const world = new CoreWorld({
    seed,
    size,
    network,
    options,
    snapshots,
    swim: (machine) => (memberlist.includes(machine) ? ofMemberlist : {}),
    answer: ({ name }, query) => answerTo(query.name, name),
    watchers: [checkers, rotation, supervisor, ...watchers],
    ...travel,
  });
  const player: Player = new Player(world, checkers, scenario, options);
  player.begin();
  const lastMs = steps.reduce((last, { at, forMs = 0 }) => Math.max(last, at + forMs), formedMs);
  world.run(lastMs + 1);
  player.finish();
  const { scene, bounds } = checkers;
  const overAt = world.now;
  const agree = (): boolean =>
    player.isAtRest && member(world) !== undefined && disagreements(scene, 1).length === 0;
  const agreed = world.runUntil(agree, bounds.recoveryMs, 1_000);
  const agreedMs = agreed ? world.now - overAt : undefined;
  const late = agreed ? [] : [...disagreements(scene, 5), ...(member(world) ? [] : ["nobody is a member"])];
  if (agreed) {
    prove(world, checkers, player);
    if (scenario.encrypted) changeKey(world, checkers, rotation);
  }
  const stuck = late.map((text) => `seed ${seed}, ${world.now} ms: ${text} (${progress})`);
  const broken = checkers.rules.filter((rule) => rule.broken > 0).map(({ name }) => name);
  return {
    findings: [...stuck, ...checkers.report()],
    rules: [...(late.length > 0 ? [progress] : []), ...broken],
    happened: player.happened,
    judged: new Map(checkers.rules.map(({ name, judged }) => [name, judged])),
    hash: world.history.hash,
    agreedMs,
    nodeMs: world.now * size,
  };
}

/** Returns a node that is a member and not about to leave, if there is any. */
function member(world: CoreWorld): CoreNode | undefined {
  return world.nodes.find(({ isMember }) => isMember);
}

/** Proves that a cluster without faults does what it is for, and comes to rest. */
function prove(world: CoreWorld, checkers: Checkers, player: Player): void {
  const { bounds } = checkers;
  const sender = member(world)!;
  player.event(sender);
  world.run(bounds.spreadMs);
  for (const relayFactor of [0, 2]) player.query(sender, { relayFactor });
  world.run(bounds.reachMs + bounds.drainMs);
  checkers.quiet(world.now);
  for (let count = 0; count < burst; count += 1) player.event(sender);
  world.run(bounds.reachMs);
}

/** Proves that the key of a cluster can be changed while it runs. */
function changeKey(world: CoreWorld, checkers: Checkers, rotation: KeyRotation): void {
  // A node that left and runs on keeps the old key, hears nobody any more, and suspects all.
  for (const node of world.nodes) if (node.running && node.core.state !== "alive") world.crash(node);
  rotation.run(world, member(world)!, { from: oldKey, to: newKey });
  checkers.rotated(oldKey);
  world.run(checkers.bounds.reachMs);
}
