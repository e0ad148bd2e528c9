/**
 * The msgpack of memberlist, written plainly: the writer's profile can be read by every Go version,
 * and the reader accepts everything.
 */

/** What the reader returns. Strings and byte strings alike are bytes; maps are lists of pairs. */
export type Value = number | bigint | boolean | null | Uint8Array | Value[] | Pairs;

/** A map in its order, duplicates included. */
export class Pairs {
  readonly entries: readonly (readonly [Value, Value])[];

  constructor(entries: readonly (readonly [Value, Value])[]) {
    this.entries = entries;
  }
}

/** What the writer accepts; a field that is `undefined` is left out. */
export type Field = number | boolean | null | string | Uint8Array | undefined;

/** Writes a struct as go-msgpack does: keys sorted, unsigned integers, strings and bytes in the raw family. */
export function writeStruct(fields: Readonly<Record<string, Field>>): number[] {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  present.sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    0x80 | present.length,
    ...present.flatMap(([key, value]) => [...writeValue(key), ...writeValue(value!)]),
  ];
}

function writeValue(value: Exclude<Field, undefined>): number[] {
  if (value === null) return [0xc0];
  if (typeof value === "boolean") return [value ? 0xc3 : 0xc2];
  if (typeof value === "number") {
    if (value < 0x80) return [value];
    if (value < 0x100) return [0xcc, value];
    if (value < 0x1_0000) return [0xcd, ...bigEndian(value, 2)];
    return [0xce, ...bigEndian(value, 4)];
  }
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  if (bytes.length < 32) return [0xa0 | bytes.length, ...bytes];
  if (bytes.length < 0x1_0000) return [0xda, ...bigEndian(bytes.length, 2), ...bytes];
  return [0xdb, ...bigEndian(bytes.length, 4), ...bytes];
}

function bigEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
}

/** Writes a compound of parts. */
export function writeCompound(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([
    7,
    parts.length,
    ...parts.flatMap((part) => bigEndian(part.length, 2)),
    ...parts.flatMap((part) => [...part]),
  ]);
}

/** Splits a compound, leniently: parts that are cut off are left out. */
export function readCompound(bytes: Uint8Array): Uint8Array[] {
  const count = bytes[1]!;
  const parts: Uint8Array[] = [];
  let at = 2 + 2 * count;
  for (let index = 0; index < count; index++) {
    const length = bytes[2 + 2 * index]! * 256 + bytes[3 + 2 * index]!;
    if (at + length > bytes.length) break;
    parts.push(bytes.subarray(at, at + length));
    at += length;
  }
  return parts;
}

/** Reads one value and where it ends. Throws a RangeError at the end of the bytes. */
export function readValue(bytes: Uint8Array, start = 0): { value: Value; end: number } {
  let at = start;
  const uint = (size: number): number => {
    if (at + size > bytes.length) throw new RangeError("end of bytes");
    let value = 0;
    for (let index = 0; index < size; index++) value = value * 256 + bytes[at++]!;
    return value;
  };
  const take = (size: number): Uint8Array => {
    if (at + size > bytes.length) throw new RangeError("end of bytes");
    at += size;
    return bytes.subarray(at - size, at);
  };
  const signed = (size: number): bigint => BigInt.asIntN(8 * size, big(size));
  const big = (size: number): bigint => take(size).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
  const value = (): Value => {
    const next = readValue(bytes, at);
    at = next.end;
    return next.value;
  };
  const array = (size: number): Value[] => {
    const items: Value[] = [];
    for (let index = 0; index < size; index++) items.push(value());
    return items;
  };
  const map = (size: number): Pairs => {
    const entries: [Value, Value][] = [];
    for (let index = 0; index < size; index++) entries.push([value(), value()]);
    return new Pairs(entries);
  };
  const head = uint(1);
  const read = (): Value => {
    if (head < 0x80) return head;
    if (head < 0x90) return map(head & 15);
    if (head < 0xa0) return array(head & 15);
    if (head < 0xc0) return take(head & 31);
    if (head >= 0xe0) return head - 256;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xd9:
        return take(uint(1));
      case 0xc5:
      case 0xda:
        return take(uint(2));
      case 0xc6:
      case 0xdb:
        return take(uint(4));
      case 0xc7:
        return take(uint(1) + 1);
      case 0xc8:
        return take(uint(2) + 1);
      case 0xc9:
        return take(uint(4) + 1);
      case 0xca:
        return new DataView(take(4).slice().buffer).getFloat32(0);
      case 0xcb:
        return new DataView(take(8).slice().buffer).getFloat64(0);
      case 0xcc:
        return uint(1);
      case 0xcd:
        return uint(2);
      case 0xce:
        return uint(4);
      case 0xcf:
        return big(8);
      case 0xd0:
        return Number(signed(1));
      case 0xd1:
        return Number(signed(2));
      case 0xd2:
        return Number(signed(4));
      case 0xd3:
        return signed(8);
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return take(2 ** (head - 0xd4) + 1);
      case 0xdc:
        return array(uint(2));
      case 0xdd:
        return array(uint(4));
      case 0xde:
        return map(uint(2));
      case 0xdf:
        return map(uint(4));
      default:
        throw new RangeError("reserved byte");
    }
  };
  return { value: read(), end: at };
}
