/** What happened in a world, as counts and as a hash. Two histories with the same hash are the same. */

import { fnv, fnvBasis } from "../../../src/core/fnv.ts";

/** Counts, and the hash FNV-1a of who sent how much to whom and when. */
export class History {
  /** Datagrams that arrived, and their bytes. */
  datagrams = 0;
  datagramBytes = 0;
  /** Pieces of streams that arrived, and their bytes. */
  pieces = 0;
  streamBytes = 0;
  /** Inputs of cores. */
  turns = 0;
  #hash = fnvBasis;

  /** The hash so far: 8 hexadecimal digits. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Adds a datagram that arrives. */
  datagram(now: number, from: number, to: number, size: number): void {
    this.datagrams += 1;
    this.datagramBytes += size;
    this.#add(now, from, to, size);
  }

  /** Adds a piece of a stream that arrives. */
  stream(now: number, from: number, to: number, { length }: Uint8Array): void {
    this.pieces += 1;
    this.streamBytes += length;
    this.#add(now, from, to, length);
  }

  #add(now: number, from: number, to: number, size: number): void {
    this.#hash = fnv(fnv(fnv(fnv(this.#hash, now), from), to), size);
  }
}
