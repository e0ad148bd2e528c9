/**
 * Logical time (Lamport, CACM 1978): a 64-bit counter that is always higher than every time it has
 * received (serf `LamportClock`).
 */

/** The highest Lamport time. No clock goes past it. */
export const lamportMax = 0xffff_ffff_ffff_ffffn;

/**
 * How far a received time may be ahead of our own. A cluster needs years for that many events, so a
 * larger step comes from a broken or hostile sender. Followed, it would leave the clock of every
 * member at the end of its range, where events can no longer be told apart.
 */
export const lamportLeapMax = 0x1_0000_0000n;

/** Clocks and snapshot files with times beyond the first half of the range are not believed. */
export const lamportHalf = 0x8000_0000_0000_0000n;

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

  /** Returns whether a received time is no farther ahead than {@link lamportLeapMax}. */
  plausible(seen: bigint): boolean {
    return seen < lamportMax && seen - this.#time < lamportLeapMax;
  }

  /** Moves the clock past `seen`. Does nothing if `seen` is not {@link plausible}. */
  witness(seen: bigint): void {
    if (seen >= this.#time && this.plausible(seen)) this.#time = seen + 1n;
  }

  /**
   * Moves the clock past `seen`, the time of a member through which this node joins. If the two are
   * further apart than a message may be, one refuses what the other sends. So this one then takes the
   * time of the cluster: ahead, because the clocks there leapt several times, or back, because a liar
   * moved this one.
   */
  join(seen: bigint): void {
    if (seen >= lamportHalf) return;
    if (seen >= this.#time || seen + lamportLeapMax < this.#time) this.#time = seen + 1n;
  }
}

/** The three Lamport clocks of a node. */
export interface Clocks {
  readonly members: LamportClock;
  readonly events: LamportClock;
  readonly queries: LamportClock;
}
