/**
 * The one timer of a node: it follows the core's next deadline.
 */

import type { Cancel, Clock } from "../runtime.ts";

/** A timer that can be set again and again; only the last time counts. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #cancel: Cancel | undefined;
  #at = Number.POSITIVE_INFINITY;

  /** `ring` is called at the time that was set last. */
  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `deadline` instead of whatever was set before; infinity is never. */
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

  /** Never rings. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
