/**
 * What is true of the nodes of a world: who runs, who leaves, and since when no fault disturbs the
 * cluster. Whoever plays faults has to say so, because a watcher cannot see them.
 */

import type { CoreNode } from "../cores/node.ts";
import type { Bounds } from "./bounds.ts";

/** What others should believe of a node; `unclear` if several things would be right. */
export type TrueStatus = "none" | "alive" | "leaving" | "left" | "failed" | "unclear";

/**
 * How bad a fault is: messages may come in another order; or late as well; or a live member may also
 * be declared dead; or a member may also say what is not true.
 */
export type Severity = "disorder" | "delay" | "failure" | "lies";

/** What disturbs: a fault, or that the bytes of messages are damaged, which lies include. */
export type Disturbance = Severity | "damage";

const severities: readonly Disturbance[] = ["disorder", "delay", "failure", "damage", "lies"];

/** The life of one node. */
export interface Life {
  running: boolean;
  /** When it was last started, and when it last ended. */
  startedAt: number;
  endedAt: number;
  state: "alive" | "leaving" | "left";
  /** When it began to leave for the last time; `undefined` if it never did. */
  leavingAt: number | undefined;
  /** When it last started, ended, joined, left or came back. */
  changedAt: number;
  /** Whether it ended before others could know for sure that it left, or that it had returned after that. */
  lastWordLost: boolean;
  /** Whether it has started again and not joined yet: so far nobody needs to know of this life. */
  isUnjoined: boolean;
  /** When it last began to start at another address than before; `undefined` if it never did. */
  movedAt: number | undefined;
  /** When somebody last removed it as a failed member; `undefined` if nobody did. */
  removedAt: number | undefined;
}

/** What {@link Truth} has to know of how long things take, in milliseconds. */
export type TruthBounds = Partial<Pick<Bounds, "correctionMs" | "reachMs">>;

interface Calm {
  disturbances: number;
  since: number;
}

/** The truth about one world. */
export class Truth {
  readonly #lives: Life[];
  readonly #numbers = new Map<string, number>();
  /** The host of the address of each node that has started. */
  readonly #hosts: string[] = [];
  readonly #calm: Record<Disturbance, Calm> = {
    disorder: { disturbances: 0, since: 0 },
    delay: { disturbances: 0, since: 0 },
    failure: { disturbances: 0, since: 0 },
    damage: { disturbances: 0, since: Number.NEGATIVE_INFINITY },
    lies: { disturbances: 0, since: Number.NEGATIVE_INFINITY },
  };

  readonly #correctionMs: number;
  readonly #reachMs: number;

  /** `correctionMs` is how long after their end lies may be believed, `reachMs` how long a message takes to all. */
  constructor(size: number, { correctionMs = 0, reachMs = 0 }: TruthBounds = {}) {
    this.#correctionMs = correctionMs;
    this.#reachMs = reachMs;
    this.#lives = Array.from({ length: size }, (_, index) => {
      this.#numbers.set(`n${index}`, index);
      return {
        running: false,
        startedAt: Number.NEGATIVE_INFINITY,
        endedAt: Number.NEGATIVE_INFINITY,
        state: "alive",
        leavingAt: undefined,
        changedAt: Number.NEGATIVE_INFINITY,
        lastWordLost: false,
        isUnjoined: false,
        movedAt: undefined,
        removedAt: undefined,
      };
    });
  }

  /** Returns the number of a node by its name, or `undefined`. */
  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /**
   * Returns the life of a node.
   *
   * @internal
   */
  life(index: number): Readonly<Life> {
    return this.#lives[index]!;
  }

  /**
   * Returns what others should believe of a node once they know.
   *
   * @internal
   */
  status(index: number): TrueStatus {
    const { running, state, removedAt, startedAt, leavingAt = 0, isUnjoined } = this.#lives[index]!;
    if (startedAt === Number.NEGATIVE_INFINITY) return "none";
    // For the others it failed in its life before.
    if (state === "left" && isUnjoined) return "unclear";
    // A node that left does not refute that it is alive, as in memberlist.
    if (state === "left" && this.calmSince("lies") + this.#correctionMs >= leavingAt) return "unclear";
    if (running) return state;
    if (this.#lives[index]!.lastWordLost) return "unclear";
    // Whoever is gone cannot refute what is said of it.
    if (this.calmSince("lies") + this.#correctionMs >= this.#lives[index]!.endedAt) return "unclear";
    if (removedAt !== undefined && removedAt >= startedAt) return "unclear";
    return state === "alive" ? "failed" : state === "left" ? "left" : "unclear";
  }

  /**
   * Returns whether others may still believe at a time that a member is at an address that it had before:
   * for so long after it moved, or after the end of faults that kept them from noticing it.
   */
  isMoving(index: number, at: number, forMs: number): boolean {
    const { movedAt } = this.#lives[index]!;
    return movedAt !== undefined && Math.max(movedAt, this.calmSince("delay")) + forMs > at;
  }

  /**
   * Since when there is no fault that is so bad; `Infinity` while there is one.
   *
   * @internal
   */
  calmSince(severity: Disturbance): number {
    const { disturbances, since } = this.#calm[severity];
    return disturbances > 0 ? Number.POSITIVE_INFINITY : since;
  }

  /**
   * Says that a fault begins.
   *
   * @internal
   */
  disturb(severity: Disturbance): void {
    for (const calm of this.#upTo(severity)) calm.disturbances += 1;
  }

  /**
   * Says that a fault ended.
   *
   * @internal
   */
  calm(now: number, severity: Disturbance): void {
    for (const calm of this.#upTo(severity)) {
      calm.disturbances -= 1;
      calm.since = now;
    }
  }

  #upTo(severity: Disturbance): Calm[] {
    if (severity === "damage") return [this.#calm.damage];
    return severities.slice(0, severities.indexOf(severity) + 1).map((each) => this.#calm[each]);
  }

  /** Says that a node has joined: what was sent before is not for it. */
  joined(now: number, index: number): void {
    const life = this.#lives[index]!;
    life.changedAt = now;
    life.isUnjoined = false;
  }

  /** Says that somebody removes a failed member. */
  removed(now: number, index: number): void {
    this.#lives[index]!.removedAt = now;
  }

  /** A node's core was created. */
  started(now: number, { index, address }: CoreNode): void {
    const life = this.#lives[index]!;
    const before = this.#hosts[index];
    if (before !== undefined && before !== address.host) life.movedAt = now;
    this.#hosts[index] = address.host;
    life.isUnjoined = life.startedAt !== Number.NEGATIVE_INFINITY;
    life.running = true;
    life.startedAt = now;
    life.changedAt = now;
    life.state = "alive";
    life.lastWordLost = false;
  }

  /** A node ended without a word. */
  crashed(now: number, { index }: CoreNode): void {
    const life = this.#lives[index]!;
    life.running = false;
    life.endedAt = now;
    life.lastWordLost = this.#isLastWordLost(now, life);
    life.changedAt = now;
  }

  /** Returns whether others may not know the last thing that a node said of itself before it ended. */
  #isLastWordLost(now: number, { state, leavingAt, changedAt }: Life): boolean {
    if (leavingAt === undefined) return false;
    if (state !== "alive") return this.calmSince("delay") > leavingAt;
    // Whoever missed its return still believes that it left, and has nothing to watch.
    return Math.max(this.calmSince("delay"), changedAt) + this.#reachMs > now;
  }

  /** A core has had an input. */
  turned(now: number, { index, core }: CoreNode): void {
    const life = this.#lives[index]!;
    const { state } = core;
    if (state === life.state) return;
    if (state === "leaving") life.leavingAt = now;
    life.state = state;
    life.changedAt = now;
  }
}
