/**
 * The replay ring: remembers the events, or queries, of recent Lamport times, so that each is
 * delivered and broadcast again only once (serf `eventBuffer`, `queryBuffer`).
 */

import { SerfLimits } from "../config.ts";

/** The entries of one Lamport time. */
export interface ReplaySlot<Entry> {
  readonly lamportTime: bigint;
  readonly entries: readonly Entry[];
}

/** Whether a message is new, was received before, or is too old to know. */
export type ReplayVerdict = "new" | "duplicate" | "old";

/** A ring of `size` slots indexed by Lamport time modulo `size`. */
export class ReplayRing<Entry> {
  readonly #size: bigint;
  readonly #same: (a: Entry, b: Entry) => boolean;
  readonly #slots = new Map<number, { lamportTime: bigint; entries: Entry[] }>();
  #minTime = 0n;

  /** `same` returns whether two entries of one time are the same message. */
  constructor(size: number, same: (a: Entry, b: Entry) => boolean) {
    this.#size = BigInt(size);
    this.#same = same;
  }

  /** Refuses everything before `time` from now on. A lower `time` than before changes nothing. */
  ignoreBefore(time: bigint): void {
    if (time > this.#minTime) this.#minTime = time;
  }

  /**
   * Remembers an entry of Lamport time `time` and returns whether it is new. `clock` is the Lamport
   * clock after it witnessed that time.
   */
  add(time: bigint, clock: bigint, entry: Entry): ReplayVerdict {
    if (time < this.#minTime) return "duplicate";
    if (clock > this.#size && time < clock - this.#size) return "old";
    const index = Number(time % this.#size);
    const slot = this.#slots.get(index);
    if (slot === undefined || slot.lamportTime !== time) {
      this.#slots.set(index, { lamportTime: time, entries: [entry] });
      return "new";
    }
    if (slot.entries.some((other) => this.#same(other, entry))) return "duplicate";
    if (slot.entries.length >= SerfLimits.entriesPerTime) return "old";
    slot.entries.push(entry);
    return "new";
  }

  /** Returns the slots in use, in ring order. */
  slots(): ReplaySlot<Entry>[] {
    return [...this.#slots.entries()].sort(([a], [b]) => a - b).map(([, slot]) => slot);
  }
}
