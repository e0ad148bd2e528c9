/**
 * Work that nobody waits for: timers and promises in the background. What fails there is reported
 * and counted, as it must not end the process.
 */

import type { Cancel, Clock } from "../runtime.ts";

/** Runs work in the background. */
export class Background {
  readonly #report: (what: string, error: unknown) => void;
  readonly #count: () => void;
  readonly #reported = new Set<string>();

  /** `report` is called at the first failure of each kind of work, `count` at every one. */
  constructor(report: (what: string, error: unknown) => void, count: () => void = () => undefined) {
    this.#report = report;
    this.#count = count;
  }

  /** Runs work of one kind; `what` is a constant of the program and goes into the report. */
  run(what: string, work: () => unknown): void {
    try {
      const result = work();
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(what, error));
    } catch (error) {
      this.#failed(what, error);
    }
  }

  /** A clock whose callbacks run in the background. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      after: (delayMs, callback): Cancel => clock.after(delayMs, () => this.run("a timer", callback)),
      ...(clock.soon && { soon: (callback) => clock.soon?.(() => this.run("a turn", callback)) }),
    };
  }

  #failed(what: string, error: unknown): void {
    this.#count();
    if (this.#reported.has(what)) return;
    this.#reported.add(what);
    this.#report(what, error);
  }
}
