/**
 * Tables of many small records, kept as columns of numbers: a record is a row in all columns of a
 * table. That takes a tenth of the memory of objects, and the garbage collector need not look into
 * it. Columns grow by a chunk at a time, so that a large table never stands still to be copied.
 */

/** The number of a row. */
export type Row = number;

/** The number of no row. */
export const noRow: Row = -1;

const chunkBits = 10;

/** How many rows a chunk has, unless it is the only one. */
const chunkRows = 1 << chunkBits;

/** How many rows a table has room for at first. */
const rowsMin = 16;

/** Returns where a row is in the columns of its chunk. */
export function placeOf(row: Row): number {
  return row & (chunkRows - 1);
}

/** A column of a chunk. */
type Column = Int32Array | Uint32Array | Uint8Array | Float32Array | Float64Array | unknown[];

/** The columns of a table. `Chunk` has one array for each column. */
export class Rows<Chunk extends object> {
  readonly #make: (rows: number) => Chunk;
  #chunks: Chunk[] = [];
  #room = 0;

  /** `make` creates the columns of a chunk. */
  constructor(make: (rows: number) => Chunk) {
    this.#make = make;
  }

  /** Returns the columns that have a row, at {@link placeOf} it. */
  of(row: Row): Chunk {
    return this.#chunks[row >> chunkBits]!;
  }

  /** Returns whether there is room for a row. */
  has(row: Row): boolean {
    return row < this.#room;
  }

  /** Makes room for a row. */
  reserve(row: Row): void {
    while (row >= this.#room) this.#grow();
  }

  /** Forgets all rows and frees their memory. */
  clear(): void {
    this.#chunks = [];
    this.#room = 0;
  }

  #grow(): void {
    if (this.#room >= chunkRows) {
      this.#chunks.push(this.#make(chunkRows));
      this.#room += chunkRows;
      return;
    }
    // Most tables stay small.
    this.#room = Math.max(rowsMin, 4 * this.#room);
    const first = this.#make(this.#room);
    if (this.#chunks.length > 0) copyColumns(this.#chunks[0]!, first);
    this.#chunks = [first];
  }
}

function copyColumns(from: object, to: object): void {
  const target = to as Readonly<Record<string, Column>>;
  for (const [name, column] of Object.entries(from) as [string, Column][]) {
    const wider = target[name]!;
    if (!Array.isArray(column)) (wider as Uint8Array).set(column as Uint8Array);
    else for (let place = 0; place < column.length; place++) wider[place] = column[place] as never;
  }
}
