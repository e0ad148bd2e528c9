/**
 * MessagePack in both directions. What is written is what every client understands: text as str, bytes as bin, integers in
 * their smallest unsigned form. What is read has passed the {@link Scanner} first.
 */

import { ObjectParser } from "./object_parser.ts";
import { type Encodable, ObjectWriter } from "./object_writer.ts";
import type { ObjectLimits } from "./scanner.ts";
import { Scanner } from "./scanner.ts";

export type { Encodable };

/**
 * An object that is encoded already, because it has values that {@link Encodable} cannot express.
 */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Writes and reads objects; one per connection or listener, as it keeps a buffer and short texts. */
export class RpcCodec {
  readonly #writer: ObjectWriter = new ObjectWriter();
  readonly #parser: ObjectParser = new ObjectParser();

  /** Encodes values one behind the other. */
  encode(...values: readonly Encodable[]): Uint8Array {
    for (const value of values) this.#writer.write(value);
    return this.#writer.finish();
  }

  /**
   * Decodes one object that the scanner has passed. Maps become `Map`, bin `Uint8Array`, nil `null`,
   * and a str that is not UTF-8 is taken for a bin. Throws RpcWireError.
   */
  decode(bytes: Uint8Array): unknown {
    return this.#parser.parse(bytes);
  }
}

/** The shortest form for an integer: numbers to 2^32-1, beyond that 64 bits. */
export function integer(value: number | bigint): number | bigint {
  const small = value >= -0x80000000 && value <= 0xffffffff;
  return small ? Number(value) : BigInt(value);
}

/** The head of an array; its values follow. */
export function arrayHead(count: number): Uint8Array {
  if (count < 16) return Uint8Array.of(0x90 + count);
  if (count < 0x10000) return Uint8Array.of(0xdc, count >> 8, count & 255);
  return Uint8Array.of(0xdd, count >>> 24, (count >> 16) & 255, (count >> 8) & 255, count & 255);
}

/** Collects received bytes and hands out complete objects. It never holds more than was received. */
export class ObjectReader {
  readonly #codec: RpcCodec;
  readonly #scanner = new Scanner();
  #bytes: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  constructor(codec: RpcCodec) {
    this.#codec = codec;
  }

  /** Number of bytes that wait to be read. */
  get pending(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    const needed = this.pending + bytes.length;
    if (this.#end + bytes.length > this.#bytes.length) {
      const grown =
        needed > this.#bytes.length ? new Uint8Array(Math.max(needed, this.pending * 2)) : this.#bytes;
      grown.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = grown;
      this.#end = this.pending;
      this.#start = 0;
    }
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /**
   * Takes the next object, or returns `undefined` if it is not complete. Throws
   * {@link RpcWireError}.
   */
  next(limits: ObjectLimits): unknown {
    const waiting = this.#bytes.subarray(this.#start, this.#end);
    const size = this.#scanner.scan(waiting, limits);
    if (size === undefined) return undefined;
    this.#scanner.reset();
    this.#start += size;
    const value = this.#codec.decode(waiting.subarray(0, size));
    if (this.#start === this.#end) {
      this.#bytes = new Uint8Array(0);
      this.#start = 0;
      this.#end = 0;
    }
    return value;
  }
}
