/**
 * What waits to be written to one client: answers, and records of its streams and monitor. Records are bounded by count
 * for each subscription, everything by bytes.
 */

import { concatenate } from "./codec.ts";

/** Records that may wait for one stream or monitor; further ones are dropped. */
export const subscriptionQueueMax = 512;

/** Bytes that may wait for one client. A client further behind is given up. */
export const outboxBytesMax: number = 64 << 20;

/** Bytes that are handed to the socket at once, unless one frame alone is larger. */
const writeSize = 64 << 10;

/** A subscription's share of the outbox. */
export interface Share {
  queued: number;
}

interface Frame {
  readonly bytes: Uint8Array;
  /** Null for an answer. */
  readonly share: Share | null;
}

/** A first-in first-out queue of frames. */
export class Outbox {
  #frames: Frame[] = [];
  #first = 0;
  #bytes = 0;
  #answers = 0;
  /** The share of records that count for nothing. */
  readonly #uncounted: Share = { queued: 0 };

  /** Whether an answer still waits. */
  get answering(): boolean {
    return this.#answers > 0;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#first === this.#frames.length;
  }

  /** Whether more waits than one client may make us hold. */
  get overfull(): boolean {
    return this.#bytes > outboxBytesMax;
  }

  /** Queues an answer. */
  answer(bytes: Uint8Array): void {
    this.#answers += 1;
    this.#push({ bytes, share: null });
  }

  /** Queues a record, or answers false when the subscription's share is full. */
  record(share: Share, bytes: Uint8Array): boolean {
    if (share.queued >= subscriptionQueueMax) return false;
    share.queued += 1;
    this.#push({ bytes, share });
    return true;
  }

  /** Queues a record whose number is bounded elsewhere. */
  unbounded(bytes: Uint8Array): void {
    this.#uncounted.queued += 1;
    this.#push({ bytes, share: this.#uncounted });
  }

  /** Takes what to write next, or null when nothing waits. */
  take(): Uint8Array | null {
    const taken: Uint8Array[] = [];
    let size = 0;
    while (
      this.#first < this.#frames.length &&
      (size === 0 || size + this.#frames[this.#first]!.bytes.length <= writeSize)
    ) {
      const { bytes, share } = this.#frames[this.#first++]!;
      if (share === null) this.#answers -= 1;
      else share.queued -= 1;
      taken.push(bytes);
      size += bytes.length;
    }
    this.#bytes -= size;
    // The array is cut only now and then, so that taking stays cheap however many frames wait.
    if (this.#first > 1024 || this.empty) {
      this.#frames = this.#frames.slice(this.#first);
      this.#first = 0;
    }
    return taken.length === 0 ? null : concatenate(taken);
  }

  #push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
  }
}
