/**
 * Logical time (Lamport 1978): a 64-bit counter that never falls behind what it has witnessed.
 */

const timeMax = 0xffff_ffff_ffff_ffffn;

/** A Lamport clock. "Time" is the next value to use. */
export class LamportClock {
  #time = 1n;

  /** The next value to use. */
  get time(): bigint {
    return this.#time;
  }

  /** Takes the next value. */
  take(): bigint {
    const time = this.#time;
    this.witness(time);
    return time;
  }

  /** Moves past `seen`. The last value of 64 bits is not followed: the clock never falls back to 0. */
  witness(seen: bigint): void {
    if (seen >= this.#time && seen < timeMax) this.#time = seen + 1n;
  }
}

/** The three Lamport clocks of a node. */
export interface Clocks {
  readonly members: LamportClock;
  readonly events: LamportClock;
  readonly queries: LamportClock;
}
