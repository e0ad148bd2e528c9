/**
 * A seeded generator for the simulator. It uses 32-bit integer arithmetic only, so that a seed
 * gives the same numbers on every engine.
 */
import type { RandomSource } from "../../src/runtime.ts";

/** The generator sfc32 of Chris Doty-Humphrey (PractRand), with 128 bits of state. */
export class SeededRandom implements RandomSource {
  #a: number;
  #b: number;
  #c = 0x9e3779b9;
  #counter = 1;

  /** Generators with the same seed and different names return different numbers. */
  constructor(seed: number, name: string) {
    this.#a = seed | 0;
    this.#b = hashText(name);
    for (let turn = 0; turn < 16; turn += 1) this.next();
  }

  /** Returns 32 random bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Returns an integer from 0 to `count` - 1; `count` is at most 2^21. */
  below(count: number): number {
    return Math.floor((this.next() * count) / 2 ** 32);
  }

  /** Returns an integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return high > low ? low + this.below(high - low + 1) : low;
  }

  /**
   * Returns true with the given probability. Draws nothing if that is 0, so that unused faults do
   * not change a run.
   */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability * 2 ** 32;
  }

  fill(bytes: Uint8Array): void {
    for (let index = 0; index < bytes.length; ) {
      let word = this.next();
      for (let rest = 0; rest < 4 && index < bytes.length; rest += 1, index += 1) {
        bytes[index] = word & 0xff;
        word >>>= 8;
      }
    }
  }
}

/** Returns the hash FNV-1a of the UTF-16 units of a text, continuing from `start`. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** Returns the hash FNV-1a of bytes, continuing from `start`. */
export function hashBytes(bytes: Uint8Array, start = 0x811c9dc5): number {
  let hash = start;
  for (let index = 0; index < bytes.length; index += 1) {
    hash = Math.imul(hash ^ bytes[index]!, 0x01000193);
  }
  return hash >>> 0;
}
