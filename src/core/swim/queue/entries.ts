/**
 * The entries of a broadcast queue. An entry is a row; it is kept as long as it waits in the queue
 * itself or for one of the neighbours on the ring.
 */

import { LinkedRows, RowList } from "../../linked_rows.ts";
import { noRow, placeOf, type Row, Rows } from "../../rows.ts";
import { type Side, sides } from "../gossip/ring.ts";
import type { Tally } from "./tally.ts";

/** What an entry may wait for, as bits. */
const waitsFor = { members: 1, before: 2, after: 4 } as const;

/** The entries of one queue. */
export class QueuedEntries {
  readonly #rows = new Rows((rows) => ({
    bytes: new Array<Uint8Array | undefined>(rows).fill(undefined),
    order: new Float64Array(rows),
    transmits: new Uint32Array(rows),
    waitsFor: new Uint8Array(rows),
  }));
  readonly #owed: Readonly<Record<Side, Owed>> = { before: new Owed(), after: new Owed() };
  readonly #tally: Tally;
  #free: Row[] = [];
  #used = 0;
  #bytes = 0;

  /** `tally` counts for all queues of a node. */
  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** The number of entries, whatever they wait for. */
  get count(): number {
    return this.#used - this.#free.length;
  }

  /** The bytes of all entries, whatever they wait for. */
  get totalBytes(): number {
    return this.#bytes;
  }

  /** Adds an entry that waits for members and both neighbours. */
  add(bytes: Uint8Array, order: number): Row {
    const row = this.#free.pop() ?? this.#used++;
    this.#rows.reserve(row);
    const columns = this.#rows.of(row);
    const place = placeOf(row);
    columns.bytes[place] = bytes;
    columns.order[place] = order;
    columns.transmits[place] = 0;
    columns.waitsFor[place] = waitsFor.members;
    this.#bytes += bytes.length;
    this.#tally.entries += 1;
    this.#tally.untold += sides.length;
    for (const side of sides) {
      columns.waitsFor[place]! |= waitsFor[side];
      this.#owed[side].add(row);
    }
    return row;
  }

  /** Returns the message of an entry. */
  bytes(row: Row): Uint8Array {
    return this.#rows.of(row).bytes[placeOf(row)]!;
  }

  /** Returns the place of an entry among those of equal length that were sent equally often. */
  order(row: Row): number {
    return this.#rows.of(row).order[placeOf(row)]!;
  }

  /** Returns how often an entry was sent. */
  transmits(row: Row): number {
    return this.#rows.of(row).transmits[placeOf(row)]!;
  }

  /** Counts that an entry was sent. */
  sent(row: Row): void {
    this.#rows.of(row).transmits[placeOf(row)]! += 1;
  }

  /** Returns whether an entry has not been sent often enough. */
  isWaiting(row: Row): boolean {
    return (this.#rows.of(row).waitsFor[placeOf(row)]! & waitsFor.members) !== 0;
  }

  /** Keeps an entry only for neighbours that have not been told it yet. */
  sentEnough(row: Row): void {
    this.#release(row, waitsFor.members);
  }

  /** Returns what a neighbour has not been told yet, oldest first. */
  owed(side: Side): Owed {
    return this.#owed[side];
  }

  /** A neighbour has been told an entry, or need not be told it any more. */
  told(row: Row, side: Side): void {
    if ((this.#rows.of(row).waitsFor[placeOf(row)]! & waitsFor[side]) === 0) return;
    this.#owed[side].delete(row);
    this.#tally.untold -= 1;
    this.#release(row, waitsFor[side]);
  }

  /** The number of rows that are or were used, since {@link clear}. */
  get rowCount(): number {
    return this.#used;
  }

  /** Frees the memory of a queue that is empty. */
  clear(): void {
    this.#rows.clear();
    for (const side of sides) this.#owed[side].clear();
    this.#free = [];
    this.#used = 0;
  }

  #release(row: Row, reason: number): void {
    const columns = this.#rows.of(row);
    const place = placeOf(row);
    columns.waitsFor[place]! &= ~reason;
    if (columns.waitsFor[place] !== 0) return;
    this.#bytes -= columns.bytes[place]!.length;
    columns.bytes[place] = undefined;
    this.#tally.entries -= 1;
    this.#free.push(row);
  }
}

/** What one neighbour on the ring has not been told yet, oldest first. */
class Owed {
  readonly #links = new LinkedRows();
  readonly #list = new RowList();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest entry, or {@link noRow}. */
  get oldest(): Row {
    return this.#list.first;
  }

  /** Returns the entry behind `row`, or {@link noRow}. */
  next(row: Row): Row {
    return this.#links.next(row);
  }

  add(row: Row): void {
    this.#links.append(this.#list, row);
    this.#size += 1;
  }

  delete(row: Row): void {
    this.#links.remove(this.#list, row);
    this.#size -= 1;
  }

  clear(): void {
    this.#links.clear();
    this.#size = 0;
    this.#list.first = noRow;
    this.#list.last = noRow;
  }
}
