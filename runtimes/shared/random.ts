/**
 * The cryptographic generator that all real runtimes have in common. A call costs more than sealing a small packet,
 * so short fills (nonces, choices of peers) are served from a pool; what was served is wiped.
 */
import type { RandomSource } from "../../src/runtime.ts";

/** What `getRandomValues` gives at once. */
const fillSizeMax = 65_536;
const poolSize = 4_096;
const pooledSizeMax = 64;

/** Real randomness with a pool of its own. */
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
