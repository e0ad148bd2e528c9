/**
 * Drives the pure core on a runtime: one loop that passes inputs in, carries out effects in order,
 * and arms one timer for the core's next deadline.
 */

import type { SerfEffect } from "../core/serf/effects.ts";
import type { SerfCore } from "../core/serf/serf_core.ts";
import type { Cancel, Clock } from "../runtime.ts";

/** A timer that is later than this shows that the process stood still. */
const lateMs = 100;

/** The loop around one core. */
export class Driver {
  readonly #core: SerfCore;
  readonly #clock: Clock;
  readonly #carryOut: (effect: SerfEffect) => void;
  readonly #changed: () => void;
  #draining = false;
  /** Whether what the core holds is sent soon. */
  #spreading = false;
  #stopped = false;
  #cancelTimer: Cancel | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  /**
   * `carryOut` is called with every effect, in order, and `changed` when all effects of an input were
   * carried out.
   */
  constructor(
    core: SerfCore,
    clock: Clock,
    carryOut: (effect: SerfEffect) => void,
    changed: () => void = () => undefined,
  ) {
    this.#core = core;
    this.#clock = clock;
    this.#carryOut = carryOut;
    this.#changed = changed;
  }

  /**
   * Passes one input to the core, then carries out the effects. An effect may pass in further
   * inputs; their effects come after those that are there already. What is new for other members
   * leaves once the inputs that came together are through, if the clock can tell. Does nothing
   * after {@link stop} and returns `undefined` then.
   */
  turn<Result>(input: (core: SerfCore, now: number) => Result): Result | undefined {
    if (this.#stopped) return undefined;
    const result = input(this.#core, this.#clock.now());
    if (!this.#draining) this.#drain(this.#clock.soon !== undefined);
    return result;
  }

  /** Ends the loop: the core gets no further input. Sends what it holds. */
  stop(): void {
    if (!this.#stopped && this.#spreading && !this.#draining) this.#drain(false);
    this.#stopped = true;
    this.#arm(Number.POSITIVE_INFINITY);
  }

  #drain(holds: boolean): void {
    this.#draining = true;
    try {
      for (let effects = this.#core.drain(holds); effects.length > 0; effects = this.#core.drain(holds)) {
        for (const effect of effects) this.#carryOut(effect);
      }
    } finally {
      this.#draining = false;
    }
    if (this.#stopped) return;
    if (this.#core.isHolding) this.#spreadSoon();
    this.#arm(this.#core.deadline());
    this.#changed();
  }

  #spreadSoon(): void {
    if (this.#spreading) return;
    this.#spreading = true;
    this.#clock.soon?.(() => {
      this.#spreading = false;
      if (!this.#stopped) this.#drain(false);
    });
  }

  #arm(deadline: number): void {
    if (deadline === this.#armedFor) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#armedFor = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => {
      if (this.#clock.now() - deadline <= lateMs) this.#tick();
      // The process stood still, and event loops run timers before input. What waits in the sockets
      // comes first, or members would be suspected whose acks have arrived.
      else this.#cancelTimer = this.#clock.after(0, () => this.#tick());
    });
  }

  #tick(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.turn((core, now) => core.tick(now));
  }
}
