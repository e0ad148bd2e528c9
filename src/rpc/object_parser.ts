/**
 * Reads MessagePack objects that the {@link Scanner} has passed. Old MessagePack has one type for text and
 * bytes, `raw`, which is today's `str`; clients that use it send payloads of any bytes in it. So a `str`
 * that is not UTF-8 becomes bytes, as does one with a byte order mark, which decoders drop.
 */

import { RpcWireError } from "./wire_error.ts";

/** Text of up to this length is decoded by a loop if it is ASCII, which is faster there than a call of the decoder. */
const shortMax = 32;

/** How many short texts that were read lately are kept, by a sum of their bytes. A power of two. */
const recentCount = 256;

const nothing = new Uint8Array();
const nothingView = new DataView(nothing.buffer);
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads objects, one at a time. It keeps short texts, as names of fields repeat. */
export class ObjectParser {
  readonly #recent: (string | undefined)[] = new Array<string | undefined>(recentCount).fill(undefined);
  #bytes: Uint8Array = nothing;
  #view: DataView = nothingView;
  #at = 0;

  /**
   * Returns the object that `bytes` hold: maps become `Map`, bin `Uint8Array` (a copy), nil `null`, and
   * integers numbers where those are exact, otherwise bigints. Throws {@link RpcWireError} if it is cut
   * off or followed by further bytes.
   */
  parse(bytes: Uint8Array): unknown {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = 0;
    try {
      const value = this.#value();
      if (this.#at !== bytes.length) throw new RpcWireError("bytes behind an object");
      return value;
    } finally {
      this.#bytes = nothing;
      this.#view = nothingView;
    }
  }

  #value(): unknown {
    const type = this.#bytes[this.#advance(1)]!;
    if (type < 0x80) return type;
    if (type < 0x90) return this.#map(type & 0x0f);
    if (type < 0xa0) return this.#list(type & 0x0f);
    if (type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0xe0) return type - 0x100;
    return this.#typed(type);
  }

  /** A value whose type byte is followed by a number or a length. */
  #typed(type: number): unknown {
    const view = this.#view;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#binary(this.#unsigned(1));
      case 0xc5:
        return this.#binary(this.#unsigned(2));
      case 0xc6:
        return this.#binary(this.#unsigned(4));
      case 0xca:
        return view.getFloat32(this.#advance(4));
      case 0xcb:
        return view.getFloat64(this.#advance(8));
      case 0xcc:
        return this.#unsigned(1);
      case 0xcd:
        return this.#unsigned(2);
      case 0xce:
        return this.#unsigned(4);
      case 0xcf:
        return exact(view.getBigUint64(this.#advance(8)));
      case 0xd0:
        return view.getInt8(this.#advance(1));
      case 0xd1:
        return view.getInt16(this.#advance(2));
      case 0xd2:
        return view.getInt32(this.#advance(4));
      case 0xd3:
        return exact(view.getBigInt64(this.#advance(8)));
      case 0xd9:
        return this.#text(this.#unsigned(1));
      case 0xda:
        return this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#list(this.#unsigned(2));
      case 0xdd:
        return this.#list(this.#unsigned(4));
      case 0xde:
        return this.#map(this.#unsigned(2));
      case 0xdf:
        return this.#map(this.#unsigned(4));
      default:
        throw new RpcWireError(`type byte 0x${type.toString(16)} is not part of the protocol`);
    }
  }

  #unsigned(width: 1 | 2 | 4): number {
    const at = this.#advance(width);
    if (width === 1) return this.#bytes[at]!;
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #list(count: number): unknown[] {
    const list: unknown[] = [];
    for (let index = 0; index < count; index++) list.push(this.#value());
    return list;
  }

  #map(count: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < count; index++) {
      const key = this.#value();
      map.set(key, this.#value());
    }
    return map;
  }

  #binary(length: number): Uint8Array {
    const at = this.#advance(length);
    return new Uint8Array(this.#bytes.subarray(at, at + length));
  }

  #text(length: number): string | Uint8Array {
    const at = this.#advance(length);
    return (length <= shortMax ? this.#ascii(at, length) : undefined) ?? textOf(this.#bytes, at, length);
  }

  /** Returns short text if it is ASCII: the kept one with the same bytes, if there is one. */
  #ascii(at: number, length: number): string | undefined {
    const bytes = this.#bytes;
    let sum = length;
    for (let index = at; index < at + length; index++) {
      const unit = bytes[index]!;
      if (unit >= 0x80) return undefined;
      sum = (Math.imul(sum, 31) + unit) | 0;
    }
    const place = sum & (recentCount - 1);
    const kept = this.#recent[place];
    if (kept !== undefined && kept.length === length && isText(kept, bytes, at)) return kept;
    let text = "";
    for (let index = at; index < at + length; index++) text += String.fromCharCode(bytes[index]!);
    this.#recent[place] = text;
    return text;
  }

  /** Returns where the next `length` bytes begin, and goes behind them. */
  #advance(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw new RpcWireError("an object is cut off");
    this.#at = at + length;
    return at;
  }
}

function isText(text: string, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) !== bytes[at + index]) return false;
  return true;
}

function textOf(bytes: Uint8Array, at: number, length: number): string | Uint8Array {
  const content = bytes.subarray(at, at + length);
  if (content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf) return new Uint8Array(content);
  try {
    return decoder.decode(content);
  } catch {
    return new Uint8Array(content);
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
