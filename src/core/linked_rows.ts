/** Doubly linked lists of rows. Adding and removing takes constant time, anywhere in a list. */

import { noRow, placeOf, type Row, Rows } from "./rows.ts";

/** The ends of one list; {@link noRow} while it is empty. Only {@link LinkedRows} changes them. */
export class RowList {
  first: Row = noRow;
  last: Row = noRow;
}

/** The links of rows, each of which is in one list at most. */
export class LinkedRows {
  readonly #links = new Rows((rows) => ({ next: new Int32Array(rows), previous: new Int32Array(rows) }));

  /** Returns the row behind `row` in its list, or {@link noRow}. */
  next(row: Row): Row {
    return this.#links.of(row).next[placeOf(row)]!;
  }

  /** Returns the row in front of `row` in its list, or {@link noRow}. */
  previous(row: Row): Row {
    return this.#links.of(row).previous[placeOf(row)]!;
  }

  /** Adds a row at the end of a list. */
  append(list: RowList, row: Row): void {
    this.insert(list, row, list.last);
  }

  /** Adds a row to a list, right behind `previous`, or as its first one behind {@link noRow}. */
  insert(list: RowList, row: Row, previous: Row): void {
    this.#links.reserve(row);
    const next = previous === noRow ? list.first : this.next(previous);
    this.#link(list, previous, row);
    this.#link(list, row, next);
  }

  /** Removes a row from its list. */
  remove(list: RowList, row: Row): void {
    this.#link(list, this.previous(row), this.next(row));
  }

  /** Removes the rows of a list up to `last`. They stay linked among each other. */
  detach(list: RowList, last: Row): void {
    this.#link(list, noRow, this.next(last));
  }

  /** Adds detached rows, from `first` to `last`, right behind `previous`, or in front with {@link noRow}. */
  attach(list: RowList, { first, last }: Readonly<RowList>, previous: Row): void {
    const next = previous === noRow ? list.first : this.next(previous);
    this.#link(list, previous, first);
    this.#link(list, last, next);
  }

  /** Returns the rows of a list in their order. Call it again after the list has changed. */
  *rows(list: RowList): Generator<Row> {
    for (let row = list.first; row !== noRow; row = this.next(row)) yield row;
  }

  /** Forgets all links and frees their memory. All lists have to be empty. */
  clear(): void {
    this.#links.clear();
  }

  /** Makes two rows neighbours, or one of them an end of the list. */
  #link(list: RowList, previous: Row, next: Row): void {
    if (previous === noRow) list.first = next;
    else this.#links.of(previous).next[placeOf(previous)] = next;
    if (next === noRow) list.last = previous;
    else this.#links.of(next).previous[placeOf(next)] = previous;
  }
}
