/**
 * What waits to be written to one client: answers, and records of its streams and monitor. Records are bounded by count
 * for each subscription, everything by bytes.
 */

import { concatenate } from "../codec.ts";

/** Records that may wait for one stream or monitor; further ones are dropped. */
export const subscriptionQueueMax = 512;

/** Bytes that may wait for one client. A client with more is disconnected. */
export const queuedBytesMax: number = 64 << 20;

/** Bytes that are handed to the socket at once, unless one frame alone is larger. */
const writeSize = 64 << 10;

/** What a record is, in the words of the log. */
export type RecordWord = "event" | "log" | "ack" | "response" | "query end";

/** A subscription's share of the queue. */
export interface Share {
  readonly word: RecordWord;
  queued: number;
}

interface Frame {
  readonly bytes: Uint8Array;
  /** `undefined` for an answer, and for a record that counts for no subscription. */
  readonly share: Share | undefined;
  /** `undefined` for an answer. */
  readonly word: RecordWord | undefined;
}

/** A first-in first-out queue of frames. */
export class WriteQueue {
  #frames: Frame[] = [];
  #first = 0;
  #bytes = 0;
  #answers = 0;
  #streaming: RecordWord | undefined;

  /** Whether an answer still waits. */
  get answering(): boolean {
    return this.#answers > 0;
  }

  /**
   * The kind of the last record in the bytes that were taken last; `undefined` if they held answers
   * alone.
   */
  get streaming(): RecordWord | undefined {
    return this.#streaming;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#first === this.#frames.length;
  }

  /** Whether more waits than one client may make us hold. */
  get overfull(): boolean {
    return this.#bytes > queuedBytesMax;
  }

  /** Queues an answer. */
  answer(bytes: Uint8Array): void {
    this.#answers += 1;
    this.#push({ bytes, share: undefined, word: undefined });
  }

  /** Queues a record; returns false if the subscription's share is full. */
  record(share: Share, bytes: Uint8Array): boolean {
    if (share.queued >= subscriptionQueueMax) return false;
    share.queued += 1;
    this.#push({ bytes, share, word: share.word });
    return true;
  }

  /** Queues a record whose number is bounded elsewhere. */
  unbounded(bytes: Uint8Array, word: RecordWord): void {
    this.#push({ bytes, share: undefined, word });
  }

  /** Takes what to write next; `undefined` if nothing waits. */
  take(): Uint8Array | undefined {
    const taken: Uint8Array[] = [];
    let size = 0;
    this.#streaming = undefined;
    while (
      this.#first < this.#frames.length &&
      (size === 0 || size + this.#frames[this.#first]!.bytes.length <= writeSize)
    ) {
      const { bytes, share, word } = this.#frames[this.#first++]!;
      if (word === undefined) this.#answers -= 1;
      else this.#streaming = word;
      if (share !== undefined) share.queued -= 1;
      taken.push(bytes);
      size += bytes.length;
    }
    this.#bytes -= size;
    // The array is cut only now and then, so that taking stays cheap however many frames wait.
    if (this.#first > 1024 || this.empty) {
      this.#frames = this.#frames.slice(this.#first);
      this.#first = 0;
    }
    return taken.length === 0 ? undefined : concatenate(taken);
  }

  #push(frame: Frame): void {
    this.#frames.push(frame);
    this.#bytes += frame.bytes.length;
  }
}
