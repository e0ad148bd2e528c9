/** A column of Lamport times. */

import { placeOf, type Row, Rows } from "../../rows.ts";

/** What stands in the column for a time that does not fit. */
const tooLate = 0xffff_ffff;
const firstTooLate = BigInt(tooLate);

/** The Lamport times of rows. Those below 2^32 - 1, as all are unless somebody made one leap, take 4 bytes. */
export class LamportTimes {
  readonly #rows = new Rows((rows) => ({ time: new Uint32Array(rows) }));
  readonly #late = new Map<Row, bigint>();

  /** Returns the time of a row, 0 before the first. */
  get(row: Row): bigint {
    if (!this.#rows.has(row)) return 0n;
    const time = this.#rows.of(row).time[placeOf(row)]!;
    return time === tooLate ? this.#late.get(row)! : BigInt(time);
  }

  /** Sets the time of a row. */
  set(row: Row, time: bigint): void {
    this.#rows.reserve(row);
    const isLate = time >= firstTooLate;
    this.#rows.of(row).time[placeOf(row)] = isLate ? tooLate : Number(time);
    if (isLate) this.#late.set(row, time);
    else if (this.#late.size > 0) this.#late.delete(row);
  }

  /** Forgets the time of a row. */
  delete(row: Row): void {
    if (this.#rows.has(row)) this.set(row, 0n);
  }
}
