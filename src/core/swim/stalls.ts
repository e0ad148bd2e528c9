/**
 * Notices that this node stood still, by a deadline that is long overdue. What it has not received
 * meanwhile says nothing about others. Lifeguard's awareness cannot see this: the acks wait in the
 * socket while the timers that miss them run first.
 */

import type { SwimContext } from "./context.ts";

/** A deadline that is overdue by more than this shows that the node stood still. */
const stallMs = 100;

/** If nothing was handled for so long while a deadline was overdue, the node stood still once more. */
const furtherStallMs = 1_000;

/** The watch of one node over itself. */
export class Stalls {
  readonly #context: SwimContext;
  readonly #stalled: (now: number, lostMs: number) => void;
  #noticedAt = Number.NEGATIVE_INFINITY;
  /** When this node handled something last. */
  #inputAt = 0;

  /**
   * `stalled` is called with the time that was lost. It may have been lost right after the last input,
   * long before the deadline that shows it.
   */
  constructor(context: SwimContext, stalled: (now: number, lostMs: number) => void) {
    this.#context = context;
    this.#stalled = stalled;
  }

  /** Begins to watch when the node starts. */
  start(now: number): void {
    this.#inputAt = now;
  }

  /** Looks for an overdue deadline, before an input is handled. */
  notice(now: number): void {
    const { timers, config } = this.#context;
    const lostMs = now - this.#inputAt;
    const deadline = timers.next();
    this.#inputAt = now;
    if (!config.rules.stalls) return;
    if (now - deadline <= stallMs) return;
    // Deadlines that were overdue already when a stall was noticed belong to that stall.
    if (deadline <= this.#noticedAt && lostMs <= furtherStallMs) return;
    this.#noticedAt = now;
    this.#stalled(now, lostMs);
  }
}
