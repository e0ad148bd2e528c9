/**
 * Finds rows by their names. A hash table that grows by one bucket for each name (linear hashing), so
 * that no name has to wait until a large table is rebuilt.
 */

import { fnv, fnvBasis } from "./fnv.ts";
import { noRow, placeOf, type Row, Rows } from "./rows.ts";

/**
 * How many names a bucket has at most; further ones go to a `Map`. With one name in a bucket on
 * average that happens to nobody but those who choose names with equal hashes.
 */
const bucketMax = 16;

/** How many buckets there are at first. It is a power of two. */
const bucketsMin = 16;

/**
 * Returns a hash of a name, from 0 to 2^32 - 1: FNV-1a, mixed by the finalizer of MurmurHash3. All
 * nodes have to agree on it.
 */
export function nameHash(name: string): number {
  let hash = fnvBasis;
  for (let index = 0; index < name.length; index++) hash = fnv(hash, name.charCodeAt(index));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The names of rows. The owner gives each row one name at most, and each name to one row. */
export class NameIndex {
  readonly #rows = new Rows((rows) => ({
    name: new Array<string | undefined>(rows).fill(undefined),
    hash: new Uint32Array(rows),
    /** The next row of the same bucket. */
    next: new Int32Array(rows),
  }));
  readonly #buckets = new Rows((rows) => ({ first: new Int32Array(rows).fill(noRow) }));
  readonly #overflow = new Map<string, Row>();
  /** The number of buckets at the beginning of this round: the highest power of two that there are. */
  #half = bucketsMin;
  #bucketCount = bucketsMin;
  #count = 0;

  constructor() {
    this.#buckets.reserve(bucketsMin - 1);
  }

  /** Returns the row of a name, or {@link noRow}. */
  find(name: string): Row {
    const hash = nameHash(name);
    let row = this.#firstOf(this.#bucketOf(hash));
    while (row !== noRow) {
      const { hash: hashes, name: names, next } = this.#rows.of(row);
      const place = placeOf(row);
      if (hashes[place] === hash && names[place] === name) return row;
      row = next[place]!;
    }
    return this.#overflow.size === 0 ? noRow : (this.#overflow.get(name) ?? noRow);
  }

  /** Returns whether a row has a name. */
  has(row: Row): boolean {
    return this.#rows.has(row) && this.#rows.of(row).name[placeOf(row)] !== undefined;
  }

  /** Returns the name of a row that has one. */
  name(row: Row): string {
    return this.#rows.of(row).name[placeOf(row)]!;
  }

  /** Returns the hash of the name of a row, see {@link nameHash}. */
  hash(row: Row): number {
    return this.#rows.of(row).hash[placeOf(row)]!;
  }

  /** Gives a name to a row. */
  add(row: Row, name: string): void {
    this.#rows.reserve(row);
    const columns = this.#rows.of(row);
    const hash = nameHash(name);
    columns.name[placeOf(row)] = name;
    columns.hash[placeOf(row)] = hash;
    this.#count += 1;
    if (this.#count > this.#bucketCount) this.#split();
    const bucket = this.#bucketOf(hash);
    if (this.#sizeOf(bucket) < bucketMax) this.#push(bucket, row);
    else this.#overflow.set(name, row);
  }

  /** Takes the name of a row away. */
  delete(row: Row): void {
    const { name, hash } = this.#rows.of(row);
    const place = placeOf(row);
    if (!this.#overflow.delete(name[place]!)) this.#unlink(this.#bucketOf(hash[place]!), row);
    name[place] = undefined;
    this.#count -= 1;
  }

  /** Forgets all names and frees their memory. */
  clear(): void {
    this.#rows.clear();
    this.#buckets.clear();
    this.#buckets.reserve(bucketsMin - 1);
    this.#overflow.clear();
    this.#half = bucketsMin;
    this.#bucketCount = bucketsMin;
    this.#count = 0;
  }

  /** Buckets that were split in this round go by one more bit of the hash than the others. */
  #bucketOf(hash: number): number {
    const bucket = hash & (2 * this.#half - 1);
    return bucket < this.#bucketCount ? bucket : bucket - this.#half;
  }

  #firstOf(bucket: number): Row {
    return this.#buckets.of(bucket).first[placeOf(bucket)]!;
  }

  #sizeOf(bucket: number): number {
    let size = 0;
    for (let row = this.#firstOf(bucket); row !== noRow; row = this.#nextOf(row)) size += 1;
    return size;
  }

  #nextOf(row: Row): Row {
    return this.#rows.of(row).next[placeOf(row)]!;
  }

  #push(bucket: number, row: Row): void {
    const { first } = this.#buckets.of(bucket);
    this.#rows.of(row).next[placeOf(row)] = first[placeOf(bucket)]!;
    first[placeOf(bucket)] = row;
  }

  #unlink(bucket: number, row: Row): void {
    const rest = this.#nextOf(row);
    let previous = this.#firstOf(bucket);
    if (previous === row) {
      this.#buckets.of(bucket).first[placeOf(bucket)] = rest;
      return;
    }
    while (this.#nextOf(previous) !== row) previous = this.#nextOf(previous);
    this.#rows.of(previous).next[placeOf(previous)] = rest;
  }

  /** Adds a bucket, and moves to it what belongs there of the one that it was half of. */
  #split(): void {
    const old = this.#bucketCount - this.#half;
    this.#buckets.reserve(this.#bucketCount);
    this.#bucketCount += 1;
    let row = this.#firstOf(old);
    this.#buckets.of(old).first[placeOf(old)] = noRow;
    while (row !== noRow) {
      const next = this.#nextOf(row);
      this.#push(this.#bucketOf(this.hash(row)), row);
      row = next;
    }
    if (this.#bucketCount === 2 * this.#half) this.#half *= 2;
  }
}
