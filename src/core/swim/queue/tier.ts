/** The entries of a broadcast queue that were sent equally often. */

import { type LinkedRows, RowList } from "../../linked_rows.ts";
import { noRow, type Row } from "../../rows.ts";
import type { QueuedEntries } from "./entries.ts";

/** The entries of one length, by descending order; with `oldestFirst` of all lengths. */
interface SameLength {
  readonly length: number;
  readonly list: RowList;
}

/** Entries of one length (of all lengths with `oldestFirst`) that were taken together, in their order. */
export interface Run {
  readonly length: number;
  readonly count: number;
  readonly first: Row;
  readonly last: Row;
}

/** How much fits a packet. */
export interface Room {
  /** The maximum length of the next entry. */
  free: number;
  /** Bytes that every entry takes besides its own. */
  readonly overhead: number;
  readonly countMax: number;
}

/**
 * The entries that were sent equally often: longest first, then newest first; or oldest first. A list
 * for each length makes adding and removing cheap, however many entries a peer's push/pull brings.
 */
export class Tier {
  readonly #entries: QueuedEntries;
  readonly #links: LinkedRows;
  readonly #oldestFirst: boolean;
  /** Longest first. Packets bound how many there can be. */
  readonly #lists: SameLength[] = [];

  /** `links` are those of all tiers: an entry is in one of them. */
  constructor(entries: QueuedEntries, links: LinkedRows, oldestFirst: boolean) {
    this.#entries = entries;
    this.#links = links;
    this.#oldestFirst = oldestFirst;
  }

  get isEmpty(): boolean {
    return this.#lists.length === 0;
  }

  /** The entry to drop first: the oldest, of different sizes the oldest of the shortest. */
  get expendable(): Row {
    const { list } = this.#lists[this.#lists.length - 1]!;
    return this.#oldestFirst ? list.first : list.last;
  }

  /** Adds an entry. */
  add(row: Row): void {
    const { list } = this.#listOf(this.#lengthOf(row));
    this.#place(list, row, list.first);
  }

  remove(row: Row): void {
    const index = this.#firstAtMost(this.#lengthOf(row));
    const { list } = this.#lists[index]!;
    this.#links.remove(list, row);
    if (list.first === noRow) this.#lists.splice(index, 1);
  }

  /**
   * Adds entries that were taken from another tier. They mostly belong in front of all others or
   * behind them.
   */
  addRun(run: Run): void {
    const { list } = this.#listOf(run.length);
    const order = (row: Row): number => this.#entries.order(row);
    if (list.first === noRow || order(run.last) > order(list.first)) {
      this.#links.attach(list, run, noRow);
    } else if (order(run.first) < order(list.last)) {
      this.#links.attach(list, run, list.last);
    } else {
      // Each belongs behind the one before it.
      let row = run.first;
      let start = list.first;
      for (let count = 0; count < run.count; count++) {
        const next = this.#links.next(row);
        this.#place(list, row, start);
        start = this.#links.next(row);
        row = next;
      }
    }
  }

  /**
   * Takes entries that fit to the end of `taken`, in runs, and adjusts `room`. Returns whether the
   * next tier may go on: nothing overtakes the oldest entry that does not fit.
   */
  take(room: Room, taken: Row[], runs: Run[]): boolean {
    let index = this.#oldestFirst ? 0 : this.#firstAtMost(room.free);
    while (index < this.#lists.length && taken.length < room.countMax) {
      const { length, list } = this.#lists[index]!;
      const run = this.#takeRun(length, list, room, taken);
      if (run !== undefined) runs.push(run);
      const isEmpty = list.first === noRow;
      if (isEmpty) this.#lists.splice(index, 1);
      else if (this.#oldestFirst) return false;
      index = Math.max(isEmpty ? index : index + 1, this.#firstAtMost(room.free));
    }
    return true;
  }

  /** Takes the first entries of a list that fit. */
  #takeRun(length: number, list: RowList, room: Room, taken: Row[]): Run | undefined {
    const { first } = list;
    const before = taken.length;
    for (let row = first; row !== noRow && taken.length < room.countMax; row = this.#links.next(row)) {
      const size = this.#oldestFirst ? this.#entries.bytes(row).length : length;
      if (size > room.free) break;
      room.free -= size + room.overhead;
      taken.push(row);
    }
    const count = taken.length - before;
    if (count === 0) return undefined;
    const last = taken[taken.length - 1]!;
    this.#links.detach(list, last);
    return { length, count, first, last };
  }

  /**
   * Puts an entry into its list, behind those in front of `start`. Its place is searched from there and
   * from the end at once: it mostly is near one of them.
   */
  #place(list: RowList, row: Row, start: Row): void {
    const order = this.#entries.order(row);
    let ahead = list.last;
    let behind = start;
    while (
      ahead !== noRow &&
      this.#entries.order(ahead) < order &&
      behind !== noRow &&
      this.#entries.order(behind) > order
    ) {
      ahead = this.#links.previous(ahead);
      behind = this.#links.next(behind);
    }
    // Whichever search ended first knows both neighbours.
    if (ahead !== noRow && this.#entries.order(ahead) < order) {
      ahead = behind === noRow ? list.last : this.#links.previous(behind);
    }
    this.#links.insert(list, row, ahead);
  }

  #lengthOf(row: Row): number {
    return this.#oldestFirst ? 0 : this.#entries.bytes(row).length;
  }

  #listOf(length: number): SameLength {
    const index = this.#firstAtMost(length);
    const known = this.#lists[index];
    if (known?.length === length) return known;
    const made = { length, list: new RowList() };
    this.#lists.splice(index, 0, made);
    return made;
  }

  /** Returns the index of the first list whose length is at most `length`. */
  #firstAtMost(length: number): number {
    let low = 0;
    let high = this.#lists.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lists[middle]!.length > length) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
