/**
 * Writes MessagePack objects: text as str, bytes as bin, and integers in their smallest form. Those beyond
 * 32 bits have to be bigints and take 64 bits; other numbers are reals of 64 bits.
 */

/** What is written. Fields of a plain object go out in its order, which is alphabetical wherever the protocol has records. */
export type Encodable =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly Encodable[]
  | ReadonlyMap<string, Encodable>
  | { readonly [field: string]: Encodable };

/** The size of the buffer at first, and the largest that is kept for the next object. */
const keptSize = 8_192;
/** Text of up to this length is copied by a loop, which is faster there than a call of the encoder. */
const shortMax = 48;
/** UTF-8 takes at most this many bytes for a unit of UTF-16. */
const utf8Max = 3;

const encoder = new TextEncoder();
const signedMin = -0x8000_0000_0000_0000n;
const unsignedEnd = 0x1_0000_0000_0000_0000n;

/** Writes objects one behind the other into a buffer that grows. */
export class ObjectWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(keptSize);
  #view: DataView = new DataView(this.#bytes.buffer);
  #size = 0;

  /**
   * Appends one object. Throws a RangeError for integers beyond 64 bits, and a TypeError for what
   * is no {@link Encodable}; then the objects before it are gone, too.
   */
  write(value: Encodable): void {
    try {
      this.#write(value);
    } catch (error) {
      this.#size = 0;
      throw error;
    }
  }

  /** Returns a copy of all that was written, and starts over. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#size);
    this.#size = 0;
    if (this.#bytes.length > keptSize) this.#replace(keptSize);
    return written;
  }

  #write(value: Encodable): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "bigint") this.#long(value);
    else if (typeof value === "boolean") this.#octet(value ? 0xc3 : 0xc2);
    else if (value === null) this.#octet(0xc0);
    else if (typeof value === "object") this.#object(value);
    else throw new TypeError(`Cannot encode a value of the type ${typeof value}`);
  }

  #object(value: Exclude<Encodable, string | number | bigint | boolean | null>): void {
    if (value instanceof Uint8Array) this.#binary(value);
    else if (isList(value)) {
      this.#head(value.length, 0x90, 0xdc);
      for (const item of value) this.#write(item);
    } else if (isMap(value)) {
      this.#head(value.size, 0x80, 0xde);
      for (const [key, item] of value) this.#entry(key, item);
    } else {
      const keys = Object.keys(value);
      this.#head(keys.length, 0x80, 0xde);
      for (const key of keys) this.#entry(key, value[key]!);
    }
  }

  #entry(key: string, value: Encodable): void {
    this.#text(key);
    this.#write(value);
  }

  /** The head of an array or map: the type byte of those below 16, and that with a length of 16 bits. */
  #head(count: number, small: number, large: number): void {
    if (count < 16) this.#octet(small | count);
    else if (count < 0x10000) this.#typed(large, count, 2);
    else this.#typed(large + 1, count, 4);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value > 0xffff_ffff || value < -0x8000_0000) {
      this.#reserve(9);
      this.#bytes[this.#size] = 0xcb;
      this.#view.setFloat64(this.#size + 1, value);
      this.#size += 9;
    } else if (value >= 0) {
      if (value < 0x80) this.#octet(value);
      else if (value < 0x100) this.#typed(0xcc, value, 1);
      else if (value < 0x10000) this.#typed(0xcd, value, 2);
      else this.#typed(0xce, value, 4);
    } else if (value >= -0x20) this.#octet(value & 0xff);
    else if (value >= -0x80) this.#typed(0xd0, value, 1);
    else if (value >= -0x8000) this.#typed(0xd1, value, 2);
    else this.#typed(0xd2, value, 4);
  }

  #long(value: bigint): void {
    if (value < signedMin || value >= unsignedEnd) throw new RangeError("Cannot encode more than 64 bits");
    this.#reserve(9);
    // Signed as long as the value allows, which every decoder takes for unsigned fields, too.
    this.#bytes[this.#size] = value < -signedMin ? 0xd3 : 0xcf;
    this.#view.setBigUint64(this.#size + 1, BigInt.asUintN(64, value));
    this.#size += 9;
  }

  #binary(value: Uint8Array): void {
    const { length } = value;
    if (length < 0x100) this.#typed(0xc4, length, 1);
    else if (length < 0x10000) this.#typed(0xc5, length, 2);
    else this.#typed(0xc6, length, 4);
    this.#reserve(length);
    this.#bytes.set(value, this.#size);
    this.#size += length;
  }

  #text(value: string): void {
    if (value.length <= shortMax && this.#ascii(value)) return;
    // The head depends on the number of bytes: encode behind the longest head, then move.
    this.#reserve(5 + value.length * utf8Max);
    const room = this.#bytes.subarray(this.#size + 5);
    const { written: length } = encoder.encodeInto(value, room);
    const start = this.#size + 5;
    if (length < 0x20) this.#octet(0xa0 | length);
    else if (length < 0x100) this.#typed(0xd9, length, 1);
    else if (length < 0x10000) this.#typed(0xda, length, 2);
    else this.#typed(0xdb, length, 4);
    if (this.#size !== start) this.#bytes.copyWithin(this.#size, start, start + length);
    this.#size += length;
  }

  /** Writes short text of ASCII alone; returns whether it was. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(2 + length);
    const bytes = this.#bytes;
    const start = this.#size + (length < 0x20 ? 1 : 2);
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[start + index] = unit;
    }
    if (length < 0x20) bytes[this.#size] = 0xa0 | length;
    else {
      bytes[this.#size] = 0xd9;
      bytes[this.#size + 1] = length;
    }
    this.#size = start + length;
    return true;
  }

  #octet(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#size++] = value;
  }

  /** A type byte, and a number of 1, 2 or 4 bytes. */
  #typed(type: number, value: number, width: 1 | 2 | 4): void {
    this.#reserve(1 + width);
    this.#bytes[this.#size] = type;
    const at = this.#size + 1;
    if (width === 1) this.#bytes[at] = value;
    else if (width === 2) this.#view.setUint16(at, value);
    else this.#view.setUint32(at, value);
    this.#size = at + width;
  }

  #reserve(length: number): void {
    const needed = this.#size + length;
    if (needed > this.#bytes.length) this.#replace(Math.max(needed, this.#bytes.length * 2));
  }

  #replace(capacity: number): void {
    const written = this.#bytes.subarray(0, this.#size);
    this.#bytes = new Uint8Array(capacity);
    this.#bytes.set(written);
    this.#view = new DataView(this.#bytes.buffer);
  }
}

function isList(value: object): value is readonly Encodable[] {
  return Array.isArray(value);
}

function isMap(value: object): value is ReadonlyMap<string, Encodable> {
  return value instanceof Map;
}
