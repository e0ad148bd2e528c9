/**
 * MessagePack for the layers above the packet codec. The writer follows the old specification (raw
 * strings, no bin, no str8), byte for byte as Go Serf's encoder; the reader accepts every form that
 * any version of go-msgpack emits or accepts.
 */

import { encodeUtf8 } from "../bytes.ts";
import { Size } from "./abi.ts";
import { WireError } from "./error.ts";
import { Limits } from "./limits.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Builds one message. Write map keys in ascending byte order, as Go's encoder does. */
export class MsgpackWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Begins the message with raw bytes, such as a type byte. */
  constructor(...prefix: number[]) {
    for (const byte of prefix) this.#byte(byte);
  }

  /** Writes the header of a map of `count` pairs. */
  map(count: number): this {
    return this.#collection(count, 0x80, 0xde);
  }

  /** Writes the header of a list of `count` elements. */
  array(count: number): this {
    return this.#collection(count, 0x90, 0xdc);
  }

  /** Writes text, also as a map key. */
  string(text: string): this {
    return this.#raw(encodeUtf8(text));
  }

  /** Writes bytes as a raw string, or nil for `null`. */
  bytes(bytes: Uint8Array | null): this {
    return bytes === null ? this.nil() : this.#raw(bytes);
  }

  /** Writes nil. */
  nil(): this {
    return this.#byte(0xc0);
  }

  /** Writes a boolean. */
  bool(value: boolean): this {
    return this.#byte(value ? 0xc3 : 0xc2);
  }

  /** Writes a non-negative integer below 2^64 in its shortest unsigned form. */
  uint(value: number | bigint): this {
    if (value > 0xffff_ffff) {
      this.#byte(0xcf);
      const at = this.#grow(8);
      this.#view.setBigUint64(at, BigInt(value));
      return this;
    }
    const small = Number(value);
    if (small < 0x80) return this.#byte(small);
    if (small < 0x100) return this.#byte(0xcc).#byte(small);
    if (small < 0x1_0000) return this.#byte(0xcd).#uint16(small);
    return this.#byte(0xce).#uint32(small);
  }

  /** Writes a real number, always with 64 bits. */
  float(value: number): this {
    this.#byte(0xcb);
    const at = this.#grow(8);
    this.#view.setFloat64(at, value);
    return this;
  }

  /** Returns a copy of the message so far. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #collection(count: number, fix: number, wide: number): this {
    if (count < 16) return this.#byte(fix | count);
    if (count < 0x1_0000) return this.#byte(wide).#uint16(count);
    return this.#byte(wide + 1).#uint32(count);
  }

  #raw(bytes: Uint8Array): this {
    if (bytes.length < 32) this.#byte(0xa0 | bytes.length);
    else if (bytes.length < 0x1_0000) this.#byte(0xda).#uint16(bytes.length);
    else this.#byte(0xdb).#uint32(bytes.length);
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  #byte(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  #uint16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
    return this;
  }

  #uint32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
    return this;
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

/**
 * Reads one message. Every method throws {@link WireError} if bytes are malformed or missing; a
 * length is checked against the bytes that are left before anything is allocated.
 */
export class MsgpackReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  /** Reads `bytes` from `start`. */
  constructor(bytes: Uint8Array, start = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
  }

  /** The offset of the next value. */
  get offset(): number {
    return this.#at;
  }

  /**
   * Reads a struct: a map, or a list in declaration order as `order` has it. Calls the function of
   * each field that is present. Skips unknown keys and surplus elements; nil has no fields.
   */
  struct(fields: Readonly<Record<string, (reader: this) => void>>, order: readonly string[]): void {
    const { count, named } = this.structHeader();
    for (let index = 0; index < count; index++) {
      const key = named ? this.string() : (order[index] ?? "");
      const read = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (read === undefined) this.skip();
      else read(this);
    }
  }

  /**
   * Reads the header of a struct. Returns the number of its fields, and whether a key is in front of
   * each.
   */
  structHeader(): { readonly count: number; readonly named: boolean } {
    const named = !isArray(this.#peek());
    return { count: named ? this.mapHeader() : this.arrayHeader(), named };
  }

  /** Reads the header of a map and returns its number of pairs; 0 for nil. */
  mapHeader(): number {
    return this.#header(0x80, 0xde, 2);
  }

  /** Reads the header of a list and returns its number of elements; 0 for nil. */
  arrayHeader(): number {
    return this.#header(0x90, 0xdc, 1);
  }

  /** Reads text; nil is empty. */
  string(): string {
    const raw = this.#raw("text");
    try {
      return decoder.decode(raw);
    } catch {
      throw new WireError("msgpack: text is not valid UTF-8");
    }
  }

  /** Reads bytes and returns a copy, or `null` for nil. As a list they may be as many as a packet has. */
  bytes(): Uint8Array | null {
    const tag = this.#peek();
    if (tag === 0xc0) {
      this.#at += 1;
      return null;
    }
    if (!isArray(tag)) return this.#raw("bytes").slice();
    const count = this.arrayHeader();
    if (count > Limits.packet) throw new WireError(`msgpack: ${count} bytes are too many for a list`);
    const list: number[] = [];
    for (let index = 0; index < count; index++) list.push(this.uint(0xff));
    return Uint8Array.from(list);
  }

  /** Reads a boolean, which may be sent as 0 or 1; nil is false. */
  bool(): boolean {
    const tag = this.#take();
    if (tag === 0xc2 || tag === 0xc0 || tag === 0) return false;
    if (tag === 0xc3 || tag === 1) return true;
    throw new WireError(`msgpack: expected a boolean, got tag ${tag}`);
  }

  /** Reads an integer of any form from 0 to `max`, which is at most 2^53 - 1; nil is 0. */
  uint(max: number): number {
    const value = this.#integer();
    if (value < 0n || value > BigInt(max))
      throw new WireError(`msgpack: integer ${value} is outside 0..${max}`);
    return Number(value);
  }

  /** Reads an integer from 0 to 2^64 - 1; nil is 0. */
  uint64(): bigint {
    const value = this.#integer();
    if (value < 0n) throw new WireError(`msgpack: integer ${value} is negative`);
    return value;
  }

  /** Reads a 64-bit signed integer; larger unsigned ones wrap, as in go-msgpack. Nil is 0. */
  int64(): bigint {
    return BigInt.asIntN(64, this.#integer());
  }

  /** Reads a real number, which may be sent with 32 bits or as an integer; nil is 0. */
  float(): number {
    const tag = this.#peek();
    if (tag === 0xca) {
      const at = this.#advance(5);
      return this.#view.getFloat32(at + 1);
    }
    if (tag === 0xcb) {
      const at = this.#advance(9);
      return this.#view.getFloat64(at + 1);
    }
    return Number(this.#integer());
  }

  /** Skips one value of any kind. */
  skip(depth = 0): void {
    const count = this.collection(depth);
    if (count === undefined) this.#advance(this.#scalarSize(this.#peek()));
    else for (let index = 0; index < count; index++) this.skip(depth + 1);
  }

  /**
   * Reads the header of a list or map that is nested `depth` deep, and returns how many values it
   * has. Returns `undefined`, and reads nothing, if the next value is something else.
   */
  collection(depth: number): number | undefined {
    if (depth > Size.nestingMax) throw new WireError(`msgpack: nested deeper than ${Size.nestingMax}`);
    const tag = this.#peek();
    if (isMap(tag)) return 2 * this.mapHeader();
    return isArray(tag) ? this.arrayHeader() : undefined;
  }

  #integer(): bigint {
    const tag = this.#peek();
    if (tag < 0x80 || tag === 0xc0) {
      this.#at += 1;
      return tag === 0xc0 ? 0n : BigInt(tag);
    }
    if (tag >= 0xe0) {
      this.#at += 1;
      return BigInt(tag - 0x100);
    }
    if (tag < 0xcc || tag > 0xd3) throw new WireError(`msgpack: expected an integer, got tag ${tag}`);
    const width = 1 << ((tag - 0xcc) & 3);
    const at = this.#advance(1 + width) + 1;
    const view = this.#view;
    const signed = tag >= 0xd0;
    if (width === 8) return signed ? view.getBigInt64(at) : view.getBigUint64(at);
    if (width === 4) return BigInt(signed ? view.getInt32(at) : view.getUint32(at));
    if (width === 2) return BigInt(signed ? view.getInt16(at) : view.getUint16(at));
    return BigInt(signed ? view.getInt8(at) : view.getUint8(at));
  }

  #raw(what: string): Uint8Array {
    const tag = this.#peek();
    if (tag === 0xc0) {
      this.#at += 1;
      return this.#bytes.subarray(0, 0);
    }
    const widths: Readonly<Record<number, number>> = { 196: 1, 197: 2, 198: 4, 217: 1, 218: 2, 219: 4 };
    const width = tag >= 0xa0 && tag < 0xc0 ? 0 : widths[tag];
    if (width === undefined) throw new WireError(`msgpack: expected ${what}, got tag ${tag}`);
    const start = this.#advance(1 + width);
    const length = width === 0 ? tag & 0x1f : this.#lengthAt(start + 1, width);
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  #scalarSize(tag: number): number {
    if (tag < 0x80 || tag >= 0xe0 || tag === 0xc0 || tag === 0xc2 || tag === 0xc3) return 1;
    if (tag >= 0xa0 && tag < 0xc0) return 1 + (tag & 0x1f);
    if (tag >= 0xc4 && tag <= 0xc6) return this.#sized(1 << (tag - 0xc4), 0);
    if (tag >= 0xc7 && tag <= 0xc9) return this.#sized(1 << (tag - 0xc7), 1);
    if (tag === 0xca) return 5;
    if (tag === 0xcb) return 9;
    if (tag >= 0xcc && tag <= 0xd3) return 1 + (1 << ((tag - 0xcc) & 3));
    if (tag >= 0xd4 && tag <= 0xd8) return 2 + (1 << (tag - 0xd4));
    if (tag >= 0xd9 && tag <= 0xdb) return this.#sized(1 << (tag - 0xd9), 0);
    throw new WireError(`msgpack: unknown tag ${tag}`);
  }

  #sized(width: number, extra: number): number {
    this.#require(1 + width);
    return 1 + width + extra + this.#lengthAt(this.#at + 1, width);
  }

  #header(fix: number, wide: number, valuesPerEntry: number): number {
    const tag = this.#take();
    if (tag === 0xc0) return 0;
    let count: number;
    if ((tag & 0xf0) === fix) count = tag & 0x0f;
    else if (tag === wide) count = this.#lengthAt(this.#advance(2), 2);
    else if (tag === wide + 1) count = this.#lengthAt(this.#advance(4), 4);
    else throw new WireError(`msgpack: expected a ${valuesPerEntry === 2 ? "map" : "list"}, got tag ${tag}`);
    // Every value takes at least one byte, so a larger count cannot be true.
    this.#require(count * valuesPerEntry);
    return count;
  }

  #lengthAt(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #peek(): number {
    this.#require(1);
    return this.#bytes[this.#at]!;
  }

  #take(): number {
    const tag = this.#peek();
    this.#at += 1;
    return tag;
  }

  #advance(count: number): number {
    this.#require(count);
    const at = this.#at;
    this.#at += count;
    return at;
  }

  #require(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new WireError("msgpack: message is cut short");
  }
}

function isArray(tag: number): boolean {
  return (tag & 0xf0) === 0x90 || tag === 0xdc || tag === 0xdd;
}

function isMap(tag: number): boolean {
  return (tag & 0xf0) === 0x80 || tag === 0xde || tag === 0xdf;
}
