/**
 * Finds where msgpack objects end, without decoding them, in bytes that arrive in pieces. Nesting
 * needs no stack: it is enough to count the values that are still to come.
 */

import { WireError } from "./error.ts";

/** Bytes that follow the first byte of a value of fixed size, by that byte; none for all others. */
const fixedSizes: Readonly<Record<number, number>> = {
  202: 4,
  203: 8,
  204: 1,
  205: 2,
  206: 4,
  207: 8,
  208: 1,
  209: 2,
  210: 4,
  211: 8,
  212: 2,
  213: 3,
  214: 5,
  215: 9,
  216: 17,
};

/** Scans a number of objects. It reads a header at most once more for every piece that arrives. */
export class ObjectScanner {
  #at: number;
  #pending: number;

  /** Scans `count` objects from offset `at`. */
  constructor(at: number, count: number) {
    this.#at = at;
    this.#pending = count;
  }

  /** The smallest offset at which the objects can end. */
  get least(): number {
    return this.#at + this.#pending;
  }

  /**
   * Continues within the first `count` of `bytes`. Returns the offset after the last object, or
   * `undefined` if more bytes are needed.
   */
  scan(bytes: Uint8Array, count: number): number | undefined {
    // Locals, because there are many values: a push/pull of 1,000 entries has 15,000.
    let at = this.#at;
    let pending = this.#pending;
    while (pending > 0 && at < count) {
      const head = bytes[at]!;
      const lengthBytes = head < 0xc4 ? 0 : lengthSize(head);
      if (at + lengthBytes >= count) break;
      let length = 0;
      for (let index = 1; index <= lengthBytes; index++) length = length * 256 + bytes[at + index]!;
      at += 1 + lengthBytes;
      pending -= 1;
      // Most values are small numbers and short texts.
      if (head <= 0x7f) continue;
      if (head >= 0xa0 && head <= 0xbf) at += head & 31;
      else if (head <= 0x8f) pending += 2 * (head & 15);
      else if (head <= 0x9f) pending += head & 15;
      else if (head === 0xc1) throw new WireError("message is not msgpack");
      else if (head === 0xdc || head === 0xdd) pending += length;
      else if (head === 0xde || head === 0xdf) pending += 2 * length;
      else if (head >= 0xc7 && head <= 0xc9) at += length + 1;
      else if (lengthBytes > 0) at += length;
      else at += fixedSizes[head] ?? 0;
    }
    this.#at = at;
    this.#pending = pending;
    return pending === 0 ? at : undefined;
  }
}

/** Returns how many bytes of length follow the first byte of a value. */
function lengthSize(head: number): number {
  switch (head) {
    case 0xc4:
    case 0xc7:
    case 0xd9:
      return 1;
    case 0xc5:
    case 0xc8:
    case 0xda:
    case 0xdc:
    case 0xde:
      return 2;
    case 0xc6:
    case 0xc9:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return 4;
    default:
      return 0;
  }
}
