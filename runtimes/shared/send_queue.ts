/** Datagrams that wait for the system, in order and bounded by count and bytes: beyond, new ones are dropped and counted. */
import type { Address } from "../../src/runtime.ts";

/** Most datagrams that wait. */
export const queueCountMax = 4_096;
/** Most bytes that wait. */
export const queueSizeMax: number = 8 * 1024 * 1024;

/** A datagram that waits. */
export interface QueuedDatagram {
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** The queue. */
export class SendQueue {
  dropped = 0;
  #waiting: QueuedDatagram[] = [];
  #next = 0;
  #size = 0;

  /** Appends, or drops and counts. */
  push(to: Address, bytes: Uint8Array): void {
    if (this.count >= queueCountMax || this.#size + bytes.length > queueSizeMax) {
      this.dropped += 1;
      return;
    }
    this.#size += bytes.length;
    this.#waiting.push({ to, bytes });
  }

  /** The oldest one, which stays. */
  peek(): QueuedDatagram | undefined {
    return this.#waiting[this.#next];
  }

  /** Removes the oldest one. */
  shift(): void {
    this.#size -= this.#waiting[this.#next]?.bytes.length ?? 0;
    this.#next += 1;
    // Now and then, so that a queue that is never quite empty does not grow.
    if (this.#next < this.#waiting.length && this.#next < queueCountMax) return;
    this.#waiting = this.#waiting.slice(this.#next);
    this.#next = 0;
  }

  /** Slots in use, with those that wait to be freed. */
  get capacity(): number {
    return this.#waiting.length;
  }

  /** How many wait. */
  get count(): number {
    return this.#waiting.length - this.#next;
  }
}
