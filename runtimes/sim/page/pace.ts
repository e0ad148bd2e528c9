/** How fast virtual time passes, in slices that leave the browser time to draw. */

import type { Driver } from "./driver.ts";

/** Speeds: virtual time for real time. */
export const speeds: readonly number[] = [0.1, 1, 10, Number.POSITIVE_INFINITY];

/** A slice of a frame that time may take, in real milliseconds. */
const sliceMs = 12;
/** The same if time passes as fast as possible. */
const longSliceMs = 40;
/** After a break, as when the page was hidden, time goes on where it was. */
const frameMaxMs = 100;
/** Virtual milliseconds between two looks at the clock. */
const stepMs = 10;

/** The pace of time. */
export class Pace {
  /** One of {@link speeds}. */
  speed = 1;
  paused = false;
  /** Up to when time passes as fast as possible, to replay a link. */
  replayUntil = 0;
  readonly #clock: () => number;
  #owed = 0;

  /** `clock` returns real milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Whether single packets can be followed. */
  isSlowEnough(driver: Driver): boolean {
    return this.speed <= 10 && !this.isReplaying(driver);
  }

  /** Whether a link is being replayed. */
  isReplaying(driver: Driver): boolean {
    return driver.now < this.replayUntil;
  }

  /** Lets time pass that belongs to `realMs`. */
  advance(driver: Driver, realMs: number): void {
    if (this.isReplaying(driver)) {
      this.#run(driver, this.replayUntil - driver.now, longSliceMs);
      if (!this.isReplaying(driver)) this.paused = true;
      return;
    }
    if (this.paused) return;
    if (this.speed === Number.POSITIVE_INFINITY) {
      this.#run(driver, Number.POSITIVE_INFINITY, longSliceMs);
      return;
    }
    this.#owed += Math.min(realMs, frameMaxMs) * this.speed;
    const due = Math.floor(this.#owed);
    // What does not fit into a slice is not caught up.
    this.#owed -= due;
    this.#run(driver, due, sliceMs);
  }

  #run(driver: Driver, ms: number, limitMs: number): void {
    const until = this.#clock() + limitMs;
    for (let left = ms; left > 0 && this.#clock() < until; left -= stepMs)
      driver.advance(Math.min(stepMs, left));
  }
}
