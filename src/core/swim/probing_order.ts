/** The shuffled list of members that gives the order of probing. */

import type { Random } from "../random.ts";
import { placeOf, type Row, Rows } from "../rows.ts";

/** The rows of all members, in the order in which they are probed. */
export class ProbingOrder {
  readonly #random: Random;
  readonly #places = new Rows((rows) => ({ row: new Uint32Array(rows) }));
  #count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The number of rows. */
  get count(): number {
    return this.#count;
  }

  /** Returns the row at a place, from 0 on. */
  at(place: number): Row {
    return this.#places.of(place).row[placeOf(place)]!;
  }

  /** Returns the rows in their order. */
  *[Symbol.iterator](): Generator<Row> {
    for (let place = 0; place < this.#count; place++) yield this.at(place);
  }

  /** Returns the rows for which `accept` returns true. */
  filter(accept: (row: Row) => boolean): Row[] {
    const accepted: Row[] = [];
    for (let place = 0; place < this.#count; place++) {
      const row = this.at(place);
      if (accept(row)) accepted.push(row);
    }
    return accepted;
  }

  /** Returns a random row. */
  draw(): Row {
    return this.at(this.#random.below(this.#count));
  }

  /** Adds a row at a random place. */
  add(row: Row): void {
    const place = this.#random.below(this.#count + 1);
    const last = this.#count++;
    this.#places.reserve(last);
    if (place !== last) this.#set(last, this.at(place));
    this.#set(place, row);
  }

  /** Adds a row at the end, until {@link shuffle}. */
  append(row: Row): void {
    this.#places.reserve(this.#count);
    this.#set(this.#count++, row);
  }

  /** Removes the rows for which `keep` returns false, and shuffles the rest. */
  renew(keep: (row: Row) => boolean): void {
    const all = this.#count;
    this.#count = 0;
    for (let place = 0; place < all; place++) {
      const row = this.at(place);
      if (keep(row)) this.#set(this.#count++, row);
    }
    this.shuffle();
  }

  /** Puts the rows into a random order. */
  shuffle(): void {
    for (let last = this.#count - 1; last > 0; last--) {
      const other = this.#random.below(last + 1);
      const held = this.at(last);
      this.#set(last, this.at(other));
      this.#set(other, held);
    }
  }

  #set(place: number, row: Row): void {
    this.#places.of(place).row[placeOf(place)] = row;
  }
}
