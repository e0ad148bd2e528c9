/**
 * The bytes that a node may send out of turn: a token bucket that fills at the rate of memberlist's
 * gossip, so that haste never costs more of a network than a busy cluster of Go agents does.
 */

import type { SwimConfig } from "../config.ts";

/** How long a bucket takes to fill, in milliseconds. */
const fillMs = 10_000;

/** The headers of a datagram below UDP, on Ethernet and with IPv6, in bytes. */
const headers = 60;

/** The credit of one node. */
export class Credit {
  /** Bytes a millisecond. */
  readonly #rate: number;
  readonly #max: number;
  #left: number;
  #at = 0;

  constructor({ gossipNodes, packetSizeMax, gossipIntervalMs }: SwimConfig) {
    this.#rate = (gossipNodes * (packetSizeMax + headers)) / gossipIntervalMs;
    this.#max = this.#rate * fillMs;
    this.#left = this.#max;
  }

  /** Returns how much of the bucket is left, from 0 to 1. */
  share(now: number): number {
    if (now > this.#at) this.#left = Math.min(this.#max, this.#left + (now - this.#at) * this.#rate);
    this.#at = Math.max(this.#at, now);
    return this.#left / this.#max;
  }

  /** Whether nothing was left after the last packet. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Pays for a packet of `bytes`. */
  pay(bytes: number): void {
    this.#left = Math.max(0, this.#left - bytes - headers);
  }
}
