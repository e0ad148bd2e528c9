/**
 * Random numbers for the core, from an injected stream of bytes: the system's generator in
 * production, a seed in simulation. They are drawn from a pool, so that small draws are cheap.
 */

import { assert } from "./assert.ts";

const poolSize = 4096;

/** Draws numbers and random orders from a source of random bytes. */
export class Random {
  readonly #fill: (bytes: Uint8Array) => void;
  readonly #pool = new Uint8Array(poolSize);
  #used = poolSize;

  /** `fill` overwrites the whole array that it gets with random bytes. */
  constructor(fill: (bytes: Uint8Array) => void) {
    this.#fill = fill;
  }

  /**
   * Overwrites `target`, which has at most 4096 bytes, with random bytes that are not handed out
   * again.
   */
  bytes(target: Uint8Array): void {
    assert(target.length <= poolSize, "a random draw is at most one pool");
    this.#reserve(target.length);
    const pool = this.#pool;
    const at = this.#used;
    this.#used = at + target.length;
    // Nearly all draws are nonces, for which a loop is faster than two calls and a view.
    for (let index = 0; index < target.length; index++) {
      target[index] = pool[at + index]!;
      pool[at + index] = 0;
    }
  }

  /** Makes sure that the pool has so many bytes that were not handed out. */
  #reserve(count: number): void {
    if (this.#used + count <= poolSize) return;
    this.#fill(this.#pool);
    this.#used = 0;
  }

  /** Returns a uniform 32-bit unsigned integer. */
  uint32(): number {
    this.#reserve(4);
    const pool = this.#pool;
    const at = this.#used;
    const drawn = (pool[at]! | (pool[at + 1]! << 8) | (pool[at + 2]! << 16) | (pool[at + 3]! << 24)) >>> 0;
    this.#used = at + 4;
    pool.fill(0, at, this.#used);
    return drawn;
  }

  /** Returns a uniform integer in [0, bound), without modulo bias. `bound` is in 1..2^32. */
  below(bound: number): number {
    assert(bound >= 1 && bound <= 0x1_0000_0000, "bound is in 1..2^32");
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < limit) return drawn % bound;
    }
  }

  /** Returns a uniform real in [0, 1) with 32 bits of resolution. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Puts `items` into a uniformly random order in place and returns them (Fisher-Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const held = items[last]!;
      items[last] = items[other]!;
      items[other] = held;
    }
    return items;
  }
}
