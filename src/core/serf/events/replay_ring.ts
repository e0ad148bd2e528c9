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

/** How many bytes all entries of a ring may have, for entries that have content. */
export interface RingBudget<Entry> {
  readonly sizeOf: (entry: Entry) => number;
  readonly max: number;
}

/** A slot, with the bytes of its entries. */
interface Slot<Entry> extends ReplaySlot<Entry> {
  readonly entries: Entry[];
  bytes: number;
}

/**
 * A ring of `size` slots indexed by Lamport time modulo `size`. If there is a budget, the oldest
 * times are forgotten when a new entry does not fit, and everything up to them is ignored from then
 * on.
 */
export class ReplayRing<Entry> {
  readonly #size: bigint;
  readonly #same: (a: Entry, b: Entry) => boolean;
  readonly #budget: RingBudget<Entry>;
  readonly #slots = new Map<number, Slot<Entry>>();
  #bytes = 0;
  #minTime = 0n;

  /** `same` returns whether two entries of one time are the same message. */
  constructor(
    size: number,
    same: (a: Entry, b: Entry) => boolean,
    budget: RingBudget<Entry> = { sizeOf: () => 0, max: 0 },
  ) {
    this.#size = BigInt(size);
    this.#same = same;
    this.#budget = budget;
  }

  /** Everything before this time is refused. */
  get refusedBefore(): bigint {
    return this.#minTime;
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
    const known = this.#slots.get(index);
    const slot = known?.lamportTime === time ? known : undefined;
    if (slot?.entries.some((other) => this.#same(other, entry)) === true) return "duplicate";
    if (slot !== undefined && slot.entries.length >= SerfLimits.entriesPerTime) return "old";
    if (slot === undefined) this.#remove(index);
    const bytes = this.#budget.sizeOf(entry);
    if (!this.#makeRoom(bytes, time)) return "old";
    if (slot === undefined) {
      this.#slots.set(index, { lamportTime: time, entries: [entry], bytes });
    } else {
      slot.entries.push(entry);
      slot.bytes += bytes;
    }
    this.#bytes += bytes;
    return "new";
  }

  /** Returns the slots in use, in ring order. */
  slots(): ReplaySlot<Entry>[] {
    return [...this.#slots.entries()].sort(([a], [b]) => a - b).map(([, slot]) => slot);
  }

  /**
   * Forgets the oldest times until there is room for an entry of time `time`. Returns false if that
   * would be older than everything that is left.
   */
  #makeRoom(bytes: number, time: bigint): boolean {
    while (this.#bytes > 0 && this.#bytes + bytes > this.#budget.max) {
      const [index, { lamportTime }] = [...this.#slots].reduce((oldest, each) =>
        each[1].lamportTime < oldest[1].lamportTime ? each : oldest,
      );
      if (lamportTime >= time) return false;
      this.#remove(index);
      this.ignoreBefore(lamportTime + 1n);
    }
    return true;
  }

  #remove(index: number): void {
    this.#bytes -= this.#slots.get(index)?.bytes ?? 0;
    this.#slots.delete(index);
  }
}
