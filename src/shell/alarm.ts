/**
 * The only timer of a node, which is set to the core's next deadline.
 */

import type { Cancel, Clock } from "../runtime.ts";

/** A timer with one deadline, which can be replaced. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #cancel: Cancel | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** `ring` is called when the deadline is reached. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Replaces the deadline; `Infinity` means never. */
  set(deadline: number): void {
    if (deadline === this.#at) return;
    this.stop();
    this.#at = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => {
      this.#at = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  /** Removes the deadline. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
