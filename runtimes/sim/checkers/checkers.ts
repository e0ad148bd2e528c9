/**
 * All checkers of a world of cores as one watcher: it keeps the truth, works out what changed, and
 * passes on what happens to the rules that want to see it.
 */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { NodeStatus } from "../../../src/core/swim/members.ts";
import type { SerfOptions } from "../../../src/shell/options/options.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";
import { Bounds } from "./bounds.ts";
import { AwarenessMovesInSteps, ClocksMoveInSteps } from "./clocks.ts";
import { NamesAreKept } from "./conflicts.ts";
import { EventsComeEverywhere, EventsComeInOrder, EventsComeOnce } from "./events.ts";
import {
  AnnouncementsSpread,
  CrashesAreDetected,
  NoFalseFailures,
  NoSuspicionInCalm,
  SuspicionsLast,
} from "./failures.ts";
import { ForeignersStayOut } from "./foreigners.ts";
import { IncarnationsRise, NobodyBelievesItself, ReturnsAreNewer } from "./incarnations.ts";
import { OldKeysAreUnused } from "./keys.ts";
import { LoadIsBounded, QueuesRunEmpty, TurnsAreBounded } from "./limits.ts";
import { type AskedQuery, QueriesAreTrue } from "./queries.ts";
import type { Change, Finding, Rule, Scene } from "./rule.ts";
import { SnapshotsReplay } from "./snapshots.ts";
import { Truth } from "./truth.ts";
import {
  CrashedIsNotLeft,
  LeftIsNotFailed,
  OnlyTheRunningAreAlive,
  TheGoneAreForgotten,
  ViewsAgree,
} from "./views.ts";

/** Settings of {@link Checkers}: those of the world that is watched. */
export interface CheckersOptions {
  /** The seed of the world, for messages. */
  readonly seed: number;
  /** How many nodes the cluster has at most. */
  readonly size: number;
  /** The options of its nodes. */
  readonly options?: SerfOptions;
  /** Whether some nodes go without our own rules. Default: false. */
  readonly memberlist?: boolean;
}

/** Statuses by the number that a table has of them; 0 is unknown. */
const statuses: readonly NodeStatus[] = ["alive", "suspect", "dead", "left"];

/** Watches a world and judges its history. */
export class Checkers implements Watcher {
  /** What really happened. */
  readonly truth: Truth;
  /** @internal */
  readonly bounds: Bounds;
  /** What is checked. */
  readonly rules: readonly Rule[];
  readonly #seed: number;
  readonly #nodes: (CoreNode | undefined)[];
  readonly #views: Views;
  readonly #pending: Change[] = [];
  readonly #scene: Scene;
  readonly #queries: QueriesAreTrue;
  readonly #keys: OldKeysAreUnused;
  readonly #foreigners: ForeignersStayOut;
  readonly #onChange: readonly Rule[];
  /** The rules that want to see a kind of effect, by the kind. */
  readonly #onEffect = new Map<SerfEffect["kind"], readonly Rule[]>();
  readonly #onTurn: readonly Rule[];

  /** Makes all rules for a cluster. */
  constructor({ seed, size, options = {}, memberlist = false }: CheckersOptions) {
    this.#seed = seed;
    this.bounds = new Bounds(size, options);
    this.truth = new Truth(size, this.bounds);
    this.#nodes = Array.from({ length: size }, () => undefined);
    this.#views = new Views(size);
    const scene: Scene = { size, nodes: this.#nodes, truth: this.truth, bounds: this.bounds, memberlist };
    this.#scene = scene;
    this.#queries = new QueriesAreTrue(scene);
    this.#keys = new OldKeysAreUnused(scene);
    this.#foreigners = new ForeignersStayOut(scene);
    this.rules = [
      new IncarnationsRise(scene),
      new ReturnsAreNewer(scene),
      new NobodyBelievesItself(scene),
      new ViewsAgree(scene),
      new OnlyTheRunningAreAlive(scene),
      new TheGoneAreForgotten(scene),
      new LeftIsNotFailed(scene),
      new CrashedIsNotLeft(scene),
      new ClocksMoveInSteps(scene),
      new EventsComeOnce(scene),
      new EventsComeInOrder(scene),
      new EventsComeEverywhere(scene),
      this.#queries,
      new LoadIsBounded(scene),
      new QueuesRunEmpty(scene),
      new TurnsAreBounded(scene),
      this.#keys,
      new SnapshotsReplay(scene),
      new NoFalseFailures(scene),
      new NoSuspicionInCalm(scene),
      new SuspicionsLast(scene),
      new CrashesAreDetected(scene),
      new AnnouncementsSpread(scene),
      new AwarenessMovesInSteps(scene),
      this.#foreigners,
      new NamesAreKept(scene),
    ];
    this.#onChange = this.rules.filter(({ changed }) => changed !== undefined);
    this.#onTurn = this.rules.filter(({ turned }) => turned !== undefined);
  }

  /** What the rules share, for judges of their own. */
  get scene(): Scene {
    return this.#scene;
  }

  /** What broke a rule, in the order of time. */
  get findings(): Finding[] {
    return this.rules.flatMap(({ findings }) => findings).sort((a, b) => a.at - b.at);
  }

  /** What broke a rule, as lines of text. */
  report(): string[] {
    return this.findings.map(({ at, rule, text }) => `seed ${this.#seed}, ${at} ms: ${text} (${rule})`);
  }

  /** Says that there were no faults and no input for long enough that everything has to be in order. */
  quiet(now: number): void {
    for (const rule of this.rules) rule.quiet?.(now);
  }

  /**
   * Says that a node asks a query of all members with the next input, which they acknowledge.
   *
   * @internal
   */
  asked(now: number, asker: CoreNode, query: AskedQuery): void {
    this.#queries.asked(now, asker, query);
  }

  /** Says that all nodes have another key now, and that the old one is removed. */
  rotated(oldKey: string): void {
    this.#keys.rotated(oldKey);
  }

  /** Says that a node of another cluster starts. */
  came(foreigner: CoreNode): void {
    this.#foreigners.came(foreigner);
  }

  /** Says that a node of another cluster has had the time to see others. */
  met(now: number, foreigner: CoreNode): void {
    this.#foreigners.met(now, foreigner);
  }

  /** @inheritdoc */
  /** A node runs; times are in milliseconds. */
  started(now: number, node: CoreNode): void {
    this.#nodes[node.index] = node;
    this.truth.started(now, node);
    this.#views.forget(node.index);
    node.core.inspect().watch(({ name, status, incarnation }) => {
      const subject = this.truth.numberOf(name);
      if (subject === undefined) return;
      const before = this.#views.take(node.index, subject, status, incarnation);
      this.#pending.push({ observer: node, subject, name, status, incarnation, before });
    });
    for (const rule of this.rules) rule.started?.(now, node);
  }

  /** @inheritdoc */
  /** A node stopped without a word. */
  crashed(now: number, node: CoreNode): void {
    this.truth.crashed(now, node);
    for (const rule of this.rules) rule.crashed?.(now, node);
  }

  /** @inheritdoc */
  /** @internal */
  effect(now: number, node: CoreNode, effect: SerfEffect): void {
    // A leave may begin and be reported in one turn.
    if (effect.kind === "emit") this.truth.turned(now, node);
    const rules = this.#wanting(effect.kind);
    for (let index = 0; index < rules.length; index += 1) rules[index]!.effect!(now, node, effect);
  }

  /** @inheritdoc */
  /** A node has handled its inputs. */
  turned(now: number, node: CoreNode): void {
    this.truth.turned(now, node);
    if (this.#pending.length > 0) {
      for (const change of this.#pending) {
        for (const rule of this.#onChange) rule.changed!(now, change);
      }
      this.#pending.length = 0;
    }
    const rules = this.#onTurn;
    for (let index = 0; index < rules.length; index += 1) rules[index]!.turned!(now, node);
  }

  /** Returns the rules that want to see effects of a kind. */
  #wanting(kind: SerfEffect["kind"]): readonly Rule[] {
    let wanting = this.#onEffect.get(kind);
    if (wanting === undefined) {
      const isWanted = ({ effect, kinds }: Rule): boolean =>
        effect !== undefined && (kinds?.includes(kind) ?? true);
      wanting = this.rules.filter(isWanted);
      this.#onEffect.set(kind, wanting);
    }
    return wanting;
  }
}

/** What every node knows of every other: five bytes for each pair. */
class Views {
  readonly #size: number;
  readonly #incarnations: (Uint32Array | undefined)[] = [];
  readonly #statuses: (Uint8Array | undefined)[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Forgets what a node knew, because it begins anew. */
  forget(observer: number): void {
    this.#incarnations[observer] = new Uint32Array(this.#size);
    this.#statuses[observer] = new Uint8Array(this.#size);
  }

  /** Sets what a node knows of another. Returns what it knew, or `undefined` if the record is new. */
  take(observer: number, subject: number, status: NodeStatus, incarnation: number): Change["before"] {
    const incarnations = this.#incarnations[observer]!;
    const row = this.#statuses[observer]!;
    const known = statuses[row[subject]! - 1];
    const before = known === undefined ? undefined : { status: known, incarnation: incarnations[subject]! };
    const isNew = status === "dead" && incarnation === 0;
    row[subject] = isNew ? 0 : 1 + statuses.indexOf(status);
    incarnations[subject] = incarnation;
    return isNew ? undefined : before;
  }
}
