/**
 * What waits to be written to one client: answers, and records of its streams and monitor. Records
 * are bounded by count for each subscription, everything by bytes: those of one client, and those of
 * all clients together.
 */

import { concatenate } from "../bytes.ts";
import { ByteBudget } from "./byte_budget.ts";

/** Records that may wait for one stream or monitor; further ones are dropped. */
export const subscriptionQueueMax = 512;

/** Bytes that may wait for one client. A client with more is disconnected. */
export const queuedBytesMax: number = 64 << 20;

/** Bytes that are handed to the socket at once, unless one piece alone is larger. */
const writeSize = 64 << 10;

/** Answers that are written together, if the client has sent as many requests. */
export const batchMax = 16;

/** What a record is, in the words of the log. */
export type RecordWord = "event" | "log" | "ack" | "response" | "query end";

/** A subscription's share of the queue. */
export interface Share {
  readonly word: RecordWord;
  queued: number;
}

/** One piece of a frame. Pieces are never changed, so that queues can share them. */
interface Piece {
  readonly bytes: Uint8Array;
  /** Set on the last piece of a frame. */
  readonly ends: Frame | undefined;
}

interface Frame {
  /** `undefined` for an answer, and for a record that counts for no subscription. */
  readonly share: Share | undefined;
  /** `undefined` for an answer. */
  readonly word: RecordWord | undefined;
}

/** What a waiting piece takes besides its bytes, about. */
const pieceOverhead = 64;

/** A first-in first-out queue of frames. */
export class WriteQueue {
  readonly #budget: ByteBudget;
  #pieces: Piece[] = [];
  #first = 0;
  #bytes = 0;
  #answers = 0;
  #streaming: RecordWord | undefined;
  /** What was taken last and may still wait for the socket. */
  #taken: Piece[] = [];

  constructor(budget: ByteBudget = new ByteBudget()) {
    this.#budget = budget;
  }

  /** Whether an answer still waits. */
  get answering(): boolean {
    return this.#answers > 0;
  }

  /** Whether no more answers or bytes should be added before what waits is written. */
  get batched(): boolean {
    return this.#answers >= batchMax || this.#bytes >= writeSize;
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
    return this.#first === this.#pieces.length;
  }

  /** Bytes that wait, with those that were taken last. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether more waits than one client may make us hold. */
  get overfull(): boolean {
    return this.#bytes > queuedBytesMax;
  }

  /** Queues an answer. */
  answer(...pieces: readonly Uint8Array[]): void {
    this.#answers += 1;
    this.#push(pieces, { share: undefined, word: undefined });
  }

  /** Queues a record; returns false if the subscription's share is full. */
  record(share: Share, ...pieces: readonly Uint8Array[]): boolean {
    if (share.queued >= subscriptionQueueMax) return false;
    share.queued += 1;
    this.#push(pieces, { share, word: share.word });
    return true;
  }

  /** Queues a record whose number is bounded elsewhere. */
  unbounded(word: RecordWord, ...pieces: readonly Uint8Array[]): void {
    this.#push(pieces, { share: undefined, word });
  }

  /**
   * Takes what to write next; `undefined` if nothing waits. What was taken before counts as written.
   * A large piece is taken alone and not copied.
   */
  take(): Uint8Array | undefined {
    this.#release(this.#taken);
    this.#taken = [];
    let size = 0;
    this.#streaming = undefined;
    while (!this.empty && (size === 0 || size + this.#pieces[this.#first]!.bytes.length <= writeSize)) {
      const piece = this.#pieces[this.#first++]!;
      this.#taken.push(piece);
      size += piece.bytes.length;
      this.#streaming = piece.ends === undefined ? this.#streaming : this.#leave(piece.ends);
    }
    // The array is cut only now and then, so that taking stays cheap however many pieces wait.
    if (this.#first > 1024 || this.empty) {
      this.#pieces = this.#pieces.slice(this.#first);
      this.#first = 0;
    }
    const [first, second] = this.#taken;
    return second === undefined ? first?.bytes : concatenate(this.#taken.map(({ bytes }) => bytes));
  }

  /** Drops everything: the client is gone. */
  clear(): void {
    this.#release(this.#taken);
    this.#release(this.#pieces.slice(this.#first));
    this.#taken = [];
    this.#pieces = [];
    this.#first = 0;
    this.#answers = 0;
  }

  /** The last piece of a frame is taken; returns the word of the last record so far. */
  #leave({ word, share }: Frame): RecordWord | undefined {
    if (share !== undefined) share.queued -= 1;
    if (word !== undefined) return word;
    this.#answers -= 1;
    return this.#streaming;
  }

  #push(pieces: readonly Uint8Array[], frame: Frame): void {
    for (const [index, bytes] of pieces.entries()) {
      this.#pieces.push({ bytes, ends: index === pieces.length - 1 ? frame : undefined });
      this.#bytes += bytes.length + pieceOverhead;
      this.#budget.hold(bytes);
    }
  }

  #release(pieces: readonly Piece[]): void {
    for (const { bytes } of pieces) {
      this.#bytes -= bytes.length + pieceOverhead;
      this.#budget.release(bytes);
    }
  }
}
