/**
 * Watches what each node believes of each other: who is a member, how late crashes are known, and
 * who was reported failed although it runs.
 */

import type { MemberEventType } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";

/** What a node believes of another. */
const belief = { unknown: 0, alive: 1, failed: 2, wronglyFailed: 3 } as const;

/** A crash, and how long after it others reported it. */
export interface Crash {
  readonly node: number;
  readonly atMs: number;
  /** When the first node reported it, after the crash; `undefined` if none has. */
  firstMs: number | undefined;
  /** For each node when it knew, after the crash; -1 while it believes that the node is alive. */
  readonly knownMs: Int32Array;
}

/** The beliefs of all nodes, from their member events. */
export class Beliefs implements Watcher {
  /** When a node last got to know, or believed again, that another is alive. */
  lastJoinMs = 0;
  /** Whether reports of failures are a partition's doing. */
  split = false;
  /** Reports of failed members that run, while the cluster was split. */
  splitReports = 0;
  /** Reports of failed members that run. */
  falsePositives = 0;
  /** How many of the false positives were taken back. */
  refuted = 0;
  readonly crashes: Crash[] = [];
  readonly #crashes = new Map<number, Crash>();
  readonly #size: number;
  /** The belief of each node (rows) about each (columns). */
  readonly #beliefs: Uint8Array;
  /** How many members each node believes to be alive. */
  readonly #alive: Int32Array;

  constructor(size: number) {
    this.#size = size;
    this.#alive = new Int32Array(size);
    this.#beliefs = new Uint8Array(size * size);
  }

  crashed(now: number, { index }: CoreNode): void {
    const knownMs = new Int32Array(this.#size);
    for (let observer = 0; observer < this.#size; observer += 1) {
      if (this.#beliefs[observer * this.#size + index] === belief.alive) knownMs[observer] = -1;
    }
    const crash: Crash = { node: index, atMs: now, firstMs: undefined, knownMs };
    this.crashes.push(crash);
    this.#crashes.set(index, crash);
  }

  effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit") return;
    const { event } = effect;
    if (event.type === "user" || event.type === "query" || event.type === "member-update") return;
    for (const { name } of event.members) this.#change(now, node.index, Number(name.slice(1)), event.type);
  }

  /** Whether all running nodes believe that all running nodes are alive. */
  united(nodes: readonly CoreNode[]): boolean {
    const running = nodes.filter((node) => node.running).map(({ index }) => index);
    return running.every((observer) =>
      running.every((subject) => this.#beliefs[observer * this.#size + subject] === belief.alive),
    );
  }

  /** Whether all running nodes believe what is true. */
  agreed(nodes: readonly CoreNode[]): boolean {
    return this.united(nodes) && this.crashes.every((crash) => unaware(crash, nodes) === 0);
  }

  /** Returns how many nodes run, and how many members these believe to be alive, summed over them. */
  view(nodes: readonly CoreNode[]): { readonly running: number; readonly seen: number } {
    let [running, seen] = [0, 0];
    for (const node of nodes) {
      if (!node.running) continue;
      running += 1;
      seen += this.#alive[node.index]!;
    }
    return { running, seen };
  }

  #change(now: number, observer: number, subject: number, type: MemberEventType): void {
    const place = observer * this.#size + subject;
    const crash = this.#crashes.get(subject);
    const wasAlive = this.#beliefs[place] === belief.alive;
    this.#alive[observer]! += Number(type === "member-join") - Number(wasAlive);
    if (type === "member-join") {
      this.lastJoinMs = now;
      if (this.#beliefs[place] === belief.wronglyFailed) this.refuted += 1;
      this.#beliefs[place] = belief.alive;
      if (crash !== undefined) crash.knownMs[observer] = -1;
      return;
    }
    this.#beliefs[place] = belief.failed;
    if (crash !== undefined) {
      crash.firstMs ??= now - crash.atMs;
      crash.knownMs[observer] = now - crash.atMs;
    } else if (type === "member-failed" && this.split) this.splitReports += 1;
    else if (type === "member-failed") {
      this.falsePositives += 1;
      this.#beliefs[place] = belief.wronglyFailed;
    }
  }
}

/** Returns how many running nodes believe that a crashed node is alive. */
export function unaware({ knownMs }: Crash, nodes: readonly CoreNode[]): number {
  return nodes.filter(({ running, index }) => running && knownMs[index] === -1).length;
}
