/**
 * The cryptographic generator of all real runtimes. A call costs more than sealing a small packet,
 * so short fills (nonces, choices of peers) are taken from a pool, in which they are overwritten.
 */
import type { RandomSource } from "../../src/runtime.ts";

/** The maximum that `getRandomValues` fills at once. */
const fillSizeMax = 65_536;
const poolSize = 4_096;
const pooledSizeMax = 64;

/** Cryptographic randomness with a pool of its own. */
export class WebRandom implements RandomSource {
  readonly #pool: Uint8Array<ArrayBuffer> = new Uint8Array(poolSize);
  #used: number = poolSize;

  fill(bytes: Uint8Array): void {
    if (bytes.length > pooledSizeMax) {
      for (let offset = 0; offset < bytes.length; offset += fillSizeMax) {
        crypto.getRandomValues(bytes.subarray(offset, offset + fillSizeMax) as Uint8Array<ArrayBuffer>);
      }
      return;
    }
    if (this.#used + bytes.length > poolSize) {
      crypto.getRandomValues(this.#pool);
      this.#used = 0;
    }
    const end = this.#used + bytes.length;
    bytes.set(this.#pool.subarray(this.#used, end));
    this.#pool.fill(0, this.#used, end);
    this.#used = end;
  }
}
