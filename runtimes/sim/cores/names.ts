/** Numbers for the names of a world's nodes, which all its nodes share. */

import { NameIndex } from "../../../src/core/name_index.ts";
import { type Names, OwnNames } from "../../../src/core/names.ts";
import { noRow, type Row } from "../../../src/core/rows.ts";

/** The names of the nodes of a world, each with the number of its node. */
export class WorldNames {
  readonly #index = new NameIndex();
  readonly #count: number;

  constructor(names: readonly string[]) {
    for (const [row, name] of names.entries()) this.#index.add(row, name);
    this.#count = names.length;
  }

  /** Returns the names of one node: the shared ones, and such that only this node has. */
  ofNode(): Names {
    return new NodeNames(this.#index, this.#count);
  }
}

/** Strangers make up names. They belong to the node that has heard them, and have later numbers. */
class NodeNames implements Names {
  readonly #shared: NameIndex;
  readonly #count: number;
  readonly #own = new OwnNames();

  constructor(shared: NameIndex, count: number) {
    this.#shared = shared;
    this.#count = count;
  }

  /** @inheritdoc */
  find(name: string): Row {
    const shared = this.#shared.find(name);
    if (shared !== noRow) return shared;
    const own = this.#own.find(name);
    return own === noRow ? noRow : own + this.#count;
  }

  /** @inheritdoc */
  name(row: Row): string {
    return row < this.#count ? this.#shared.name(row) : this.#own.name(row - this.#count);
  }

  /** @inheritdoc */
  hash(row: Row): number {
    return row < this.#count ? this.#shared.hash(row) : this.#own.hash(row - this.#count);
  }

  /** @inheritdoc */
  hold(name: string): Row {
    const shared = this.#shared.find(name);
    return shared === noRow ? this.#own.hold(name) + this.#count : shared;
  }

  /** @inheritdoc */
  holdRow(row: Row): void {
    if (row >= this.#count) this.#own.holdRow(row - this.#count);
  }

  /** @inheritdoc */
  release(row: Row): void {
    if (row >= this.#count) this.#own.release(row - this.#count);
  }
}
