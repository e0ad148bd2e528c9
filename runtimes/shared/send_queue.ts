/**
 * Datagrams that wait until the system accepts them, in order. Count and bytes are limited; beyond
 * that, new datagrams are dropped and counted.
 */
import type { Address } from "../../src/runtime.ts";

/** The maximum number of waiting datagrams. */
export const queueCountMax = 4_096;
/** The maximum number of waiting bytes. */
export const queueSizeMax: number = 8 * 1024 * 1024;

/** A waiting datagram. */
export interface QueuedDatagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** The queue of one socket. */
export class SendQueue {
  dropped = 0;
  #waiting: QueuedDatagram[] = [];
  #next = 0;
  #size = 0;

  /** Appends a datagram, or drops and counts it if the queue is full. */
  push(to: Address, bytes: Uint8Array): void {
    if (this.count >= queueCountMax || this.#size + bytes.length > queueSizeMax) {
      this.dropped += 1;
      return;
    }
    this.#size += bytes.length;
    this.#waiting.push({ to, bytes });
  }

  /** Returns the oldest datagram without removing it. */
  peek(): QueuedDatagram | undefined {
    return this.#waiting[this.#next];
  }

  /** Removes the oldest datagram. */
  shift(): void {
    this.#size -= this.#waiting[this.#next]?.bytes.length ?? 0;
    this.#next += 1;
    // Free used slots now and then too, so that a queue that is never empty does not grow.
    if (this.#next < this.#waiting.length && this.#next < queueCountMax) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  /** The number of slots, those that are not freed yet included. */
  get capacity(): number {
    return this.#waiting.length;
  }

  /** The number of waiting datagrams. */
  get count(): number {
    return this.#waiting.length - this.#next;
  }
}
