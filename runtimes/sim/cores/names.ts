/** Numbers for the names of a world's nodes, which all its nodes share. */

import { nameHash } from "../../../src/core/name_index.ts";
import { type Names, OwnNames } from "../../../src/core/names.ts";
import { noRow, type Row } from "../../../src/core/rows.ts";

/** Names by their numbers, and the other way round. Nobody chooses them to have equal hashes. */
interface SharedNames {
  readonly names: readonly string[];
  readonly hashes: Uint32Array;
  readonly rows: ReadonlyMap<string, Row>;
}

/** The names of the nodes of a world, each with the number of its node. */
export class WorldNames {
  readonly #shared: SharedNames;

  constructor(names: readonly string[]) {
    const hashes = Uint32Array.from(names, nameHash);
    this.#shared = { names, hashes, rows: new Map(names.map((name, row) => [name, row])) };
  }

  /** Returns the names of one node: the shared ones, and such that only this node has. */
  ofNode(): Names {
    return new NodeNames(this.#shared);
  }
}

/** Strangers make up names. They belong to the node that has heard them, and have later numbers. */
class NodeNames implements Names {
  readonly #names: readonly string[];
  readonly #hashes: Uint32Array;
  readonly #rows: ReadonlyMap<string, Row>;
  readonly #count: number;
  readonly #own = new OwnNames();

  constructor({ names, hashes, rows }: SharedNames) {
    this.#names = names;
    this.#hashes = hashes;
    this.#rows = rows;
    this.#count = names.length;
  }

  /** @inheritdoc */
  find(name: string): Row {
    const shared = this.#rows.get(name);
    if (shared !== undefined) return shared;
    const own = this.#own.find(name);
    return own === noRow ? noRow : own + this.#count;
  }

  /** @inheritdoc */
  name(row: Row): string {
    return row < this.#count ? this.#names[row]! : this.#own.name(row - this.#count);
  }

  /** @inheritdoc */
  hash(row: Row): number {
    return row < this.#count ? this.#hashes[row]! : this.#own.hash(row - this.#count);
  }

  /** @inheritdoc */
  hold(name: string): Row {
    return this.#rows.get(name) ?? this.#own.hold(name) + this.#count;
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
