/**
 * Numbers for the names of members. All tables of a node use the number of a member's name as the row
 * of the member, so that a name is stored and looked up once for all of them.
 */

import { NameIndex } from "./name_index.ts";
import { noRow, placeOf, type Row, Rows } from "./rows.ts";

/** The names that some table of a node has. */
export interface Names {
  /** Returns the row of a name, or {@link noRow}. */
  find(name: string): Row;
  /** Returns the name of a row. */
  name(row: Row): string;
  /** Returns the hash of the name of a row. */
  hash(row: Row): number;
  /** Keeps a name for a table, which has to call {@link release} once. Returns its row. */
  hold(name: string): Row;
  /** Keeps the name of a row for one more table, as {@link hold} does. */
  holdRow(row: Row): void;
  /** Ends that a table keeps a name. Without any table its row is given to another name. */
  release(row: Row): void;
}

/** The names of one node. */
export class OwnNames implements Names {
  readonly #index = new NameIndex();
  readonly #holders = new Rows((rows) => ({ count: new Uint8Array(rows) }));
  readonly #free: Row[] = [];
  #used = 0;

  /** @inheritdoc */
  find(name: string): Row {
    return this.#index.find(name);
  }

  /** @inheritdoc */
  name(row: Row): string {
    return this.#index.name(row);
  }

  /** @inheritdoc */
  hash(row: Row): number {
    return this.#index.hash(row);
  }

  /** @inheritdoc */
  hold(name: string): Row {
    let row = this.#index.find(name);
    if (row === noRow) {
      row = this.#free.pop() ?? this.#used++;
      this.#index.add(row, name);
      this.#holders.reserve(row);
    }
    this.holdRow(row);
    return row;
  }

  /** @inheritdoc */
  holdRow(row: Row): void {
    this.#holders.of(row).count[placeOf(row)]! += 1;
  }

  /** @inheritdoc */
  release(row: Row): void {
    const { count } = this.#holders.of(row);
    const place = placeOf(row);
    count[place]! -= 1;
    if (count[place] !== 0) return;
    this.#index.delete(row);
    this.#free.push(row);
  }
}
