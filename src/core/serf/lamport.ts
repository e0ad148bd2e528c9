/**
 * Logical time (Lamport, CACM 1978): a 64-bit counter that is always higher than every time it has
 * received (serf `LamportClock`).
 */

/** The highest Lamport time. No clock goes past it. */
export const lamportMax = 0xffff_ffff_ffff_ffffn;

/** A Lamport clock. Its time is the next value to use. */
export class LamportClock {
  #time = 1n;

  /** The next value to use. */
  get time(): bigint {
    return this.#time;
  }

  /** Returns the next value and counts up. */
  take(): bigint {
    const time = this.#time;
    this.witness(time);
    return time;
  }

  /**
   * Moves the clock past `seen`, except past the highest value, because the clock would wrap to 0.
   */
  witness(seen: bigint): void {
    if (seen >= this.#time && seen < lamportMax) this.#time = seen + 1n;
  }
}

/** The three Lamport clocks of a node. */
export interface Clocks {
  readonly members: LamportClock;
  readonly events: LamportClock;
  readonly queries: LamportClock;
}
