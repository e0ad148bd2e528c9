/** What each running node believes of each other, as counts that are right at every moment. */

import type { NodeStatus } from "../../../src/core/swim/members.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";

/** What a node believes of another, as a number. */
export const belief = { unknown: 0, alive: 1, suspect: 2, dead: 3, left: 4 } as const;

const beliefCount = 5;

/** A node believes something else of another than before. */
export type ViewChanged = (observer: number, subject: number, now: number, before: number) => void;

/** The views of all nodes. */
export class Views implements Watcher {
  readonly #size: number;
  readonly #changed: ViewChanged;
  /** The belief of each node (rows) about each (columns). */
  readonly #beliefs: Uint8Array;
  /** How many running nodes have a belief (rows) about another node (columns). */
  readonly #counts: Int32Array;
  readonly #running: Uint8Array;
  #runningCount = 0;
  #now = 0;

  /** Calls `changed` with every change. */
  constructor(size: number, changed: ViewChanged) {
    this.#size = size;
    this.#changed = changed;
    this.#beliefs = new Uint8Array(size * size);
    this.#counts = new Int32Array(beliefCount * size);
    this.#running = new Uint8Array(size);
  }

  /** The number of nodes that run. */
  get running(): number {
    return this.#runningCount;
  }

  /** Notes the time, for the changes that follow. */
  set now(now: number) {
    this.#now = now;
  }

  started(now: number, node: CoreNode): void {
    this.#now = now;
    this.#clear(node.index);
    this.#running[node.index] = 1;
    this.#runningCount += 1;
    this.#count(node.index, 1);
    node.core.inspect().watch(({ name, status }) => this.#set(node.index, Number(name.slice(1)), status));
  }

  crashed(_now: number, { index }: CoreNode): void {
    this.#count(index, -1);
    this.#running[index] = 0;
    this.#runningCount -= 1;
  }

  /** Returns what a node believes of another. */
  of(observer: number, subject: number): number {
    return this.#beliefs[observer * this.#size + subject]!;
  }

  /** Returns how many running nodes believe this of another node. */
  count(subject: number, which: number): number {
    return this.#counts[which * this.#size + subject]!;
  }

  /** Whether all running nodes believe that all running nodes are alive. */
  get united(): boolean {
    for (let subject = 0; subject < this.#size; subject += 1) {
      if (this.#running[subject] === 1 && this.count(subject, belief.alive) < this.#runningCount - 1)
        return false;
    }
    return true;
  }

  /** Returns the share of pairs of running nodes of which one believes that the other is alive, from 0 to 1. */
  get agreement(): number {
    let alive = 0;
    for (let subject = 0; subject < this.#size; subject += 1) {
      if (this.#running[subject] === 1) alive += this.count(subject, belief.alive);
    }
    const pairs = this.#runningCount * (this.#runningCount - 1);
    return pairs === 0 ? 1 : alive / pairs;
  }

  #set(observer: number, subject: number, status: NodeStatus): void {
    const place = observer * this.#size + subject;
    const before = this.#beliefs[place]!;
    const after = belief[status];
    if (before === after || observer === subject) return;
    this.#beliefs[place] = after;
    if (this.#running[observer] === 1) {
      this.#counts[before * this.#size + subject]! -= 1;
      this.#counts[after * this.#size + subject]! += 1;
    }
    this.#changed(observer, subject, this.#now, before);
  }

  #clear(observer: number): void {
    this.#beliefs.fill(belief.unknown, observer * this.#size, (observer + 1) * this.#size);
  }

  /** Adds the view of a node to the counts, or removes it. */
  #count(observer: number, sign: 1 | -1): void {
    for (let subject = 0; subject < this.#size; subject += 1) {
      if (subject !== observer) this.#counts[this.of(observer, subject) * this.#size + subject]! += sign;
    }
  }
}
