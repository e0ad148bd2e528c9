/**
 * Finds where one MessagePack object ends in a stream that has no framing. It checks every length that is claimed against
 * the limit before the bytes are there and allocates nothing, so what it lets through can be decoded safely.
 */

import { RpcWireError } from "./wire_error.ts";

/** Bounds of one object. */
export interface ObjectLimits {
  /** Most bytes of an object. */
  readonly sizeMax: number;
  /** Most values of an object, keys included. */
  readonly valuesMax: number;
  /** Whether real numbers may occur. No request has a field for one. */
  readonly reals: boolean;
}

/** Deepest nesting. The protocol itself needs four levels. */
const depthMax = 32;

/** Scans one object across any number of calls; each byte is looked at once. */
export class Scanner {
  #position = 0;
  #values = 0;
  /** Values still missing in each open array or map, outermost first. */
  readonly #missing: number[] = [];

  /** Starts over for the next object. */
  reset(): void {
    this.#position = 0;
    this.#values = 0;
    this.#missing.length = 0;
  }

  /**
   * Continues in `bytes`, which start at the object's first byte and hold at least what earlier
   * calls saw. Returns the object's size, or `undefined` if more bytes are needed. Throws
   * {@link RpcWireError}.
   */
  scan(bytes: Uint8Array, limits: ObjectLimits): number | undefined {
    for (;;) {
      if (this.#position >= bytes.length) return undefined;
      const advanced = this.#value(bytes, limits);
      if (!advanced) return undefined;
      while (this.#missing.length > 0 && this.#missing[this.#missing.length - 1] === 0) this.#missing.pop();
      if (this.#missing.length === 0) return this.#position;
    }
  }

  /**
   * Passes one scalar or one container's head; returns false if its head or content is not
   * complete.
   */
  #value(bytes: Uint8Array, limits: ObjectLimits): boolean {
    const head = headOf(bytes, this.#position, limits.reals);
    if (head === undefined) return false;
    const end = this.#position + head.size + head.content;
    if (end > limits.sizeMax) throw new RpcWireError(`object larger than ${limits.sizeMax} bytes`);
    // Every value takes a byte at least: a claim beyond the limit can be refused before it is believed.
    if (head.children > limits.sizeMax - end)
      throw new RpcWireError(`object larger than ${limits.sizeMax} bytes`);
    if (head.content > 0 && end > bytes.length) return false;
    this.#values += 1;
    if (this.#values + head.children > limits.valuesMax)
      throw new RpcWireError(`object of more than ${limits.valuesMax} values`);
    if (this.#missing.length > 0) this.#missing[this.#missing.length - 1]! -= 1;
    if (head.children > 0) {
      if (this.#missing.length >= depthMax) throw new RpcWireError(`nesting deeper than ${depthMax}`);
      this.#missing.push(head.children);
    }
    this.#position = end;
    return true;
  }
}

/** The start of a value. */
export interface Head {
  /** Bytes of the type byte and its length field. */
  readonly size: number;
  /** Bytes of content that follow. */
  readonly content: number;
  /** Values that follow. */
  readonly children: number;
}

/** Reads a type byte and its length field, or returns `undefined` if they are not complete. */
export function headOf(bytes: Uint8Array, at: number, reals: boolean): Head | undefined {
  const type = bytes[at]!;
  if (type < 0x80 || type >= 0xe0) return { size: 1, content: 0, children: 0 };
  if (type < 0x90) return { size: 1, content: 0, children: (type & 0x0f) * 2 };
  if (type < 0xa0) return { size: 1, content: 0, children: type & 0x0f };
  if (type < 0xc0) return { size: 1, content: type & 0x1f, children: 0 };
  const width = lengthWidth[type - 0xc0]!;
  if (width > 0) {
    if (at + 1 + width > bytes.length) return undefined;
    let length = 0;
    for (let index = 1; index <= width; index++) length = length * 256 + bytes[at + index]!;
    if (type >= 0xde) return { size: 1 + width, content: 0, children: length * 2 };
    if (type >= 0xdc) return { size: 1 + width, content: 0, children: length };
    return { size: 1 + width, content: length, children: 0 };
  }
  const content = scalarContent[type - 0xc0]!;
  if (content < 0) throw new RpcWireError(`type byte 0x${type.toString(16)} is not part of the protocol`);
  if (!reals && (type === 0xca || type === 0xcb)) throw new RpcWireError("a real number in a request");
  return { size: 1, content, children: 0 };
}

/** Width of the length field by type byte, from 0xc0. Maps and arrays count values, the others bytes. */
const lengthWidth: readonly number[] = [
  0,
  0,
  0,
  0,
  1,
  2,
  4,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0, // c0: bin 8, 16, 32
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  1,
  2,
  4,
  2,
  4,
  2,
  4, // d0: str, array, map
];

/** Content of scalars by type byte, from 0xc0; -1 for the unassigned byte and the extension types. */
const scalarContent: readonly number[] = [
  0,
  -1,
  0,
  0,
  0,
  0,
  0,
  -1,
  -1,
  -1,
  4,
  8,
  1,
  2,
  4,
  8, // c0: nil, booleans, reals, unsigned
  1,
  2,
  4,
  8,
  -1,
  -1,
  -1,
  -1,
  -1,
  0,
  0,
  0,
  0,
  0,
  0,
  0, // d0: signed
];
