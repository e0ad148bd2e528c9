/**
 * Reads the fields of decoded records as tolerantly as Go's decoder does, and not more: records as
 * maps or as arrays in declared order, maps as lists of their keys and values in turn, nil for any
 * zero value, str and bin alike, 0 and 1 for booleans. Anything else is a {@link RpcWireError}.
 */

import { quoteBytes } from "../go/quote.ts";
import { RpcTextError, RpcWireError } from "./wire_error.ts";

/** Named fields of a record. */
export type Fields = ReadonlyMap<string, unknown>;

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const encoder = new TextEncoder();

/** How many bytes of a value an error shows. */
const excerptSize = 64;

/** Turns a decoded object into named fields; `order` names those of a record sent as an array. */
export function record(value: unknown, order: readonly string[]): Fields {
  if (value === null) return new Map();
  if (Array.isArray(value)) {
    return new Map(order.slice(0, value.length).map((name, index) => [name, value[index]]));
  }
  if (!(value instanceof Map))
    throw new RpcWireError("only an encoded map or array can be decoded into a record");
  const fields = new Map<string, unknown>();
  for (const [key, item] of value) fields.set(text(key), item);
  return fields;
}

/** Text to show; nil and absent are empty. Bytes that are not UTF-8 become U+FFFD. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (value instanceof Uint8Array) return lenient.decode(value);
  throw new RpcWireError(`expected text, got ${kind(value)}`);
}

/**
 * Text to act on; nil and absent are empty. Throws {@link RpcTextError} if it is not UTF-8, as nothing
 * may be named other than was asked.
 */
export function exactText(value: unknown): string {
  if (!(value instanceof Uint8Array)) return text(value);
  try {
    return strict.decode(value);
  } catch (error) {
    throw new RpcTextError(`text is not valid UTF-8: ${quoteBytes(value.subarray(0, excerptSize))}`, {
      cause: error,
    });
  }
}

/** An unsigned 64-bit integer; nil and absent are 0. */
export function unsigned(value: unknown): bigint {
  const number = signed(value);
  if (number < 0n) throw new RpcWireError(`expected an unsigned integer, got ${number}`);
  return number;
}

/** An integer; nil and absent are 0. */
export function signed(value: unknown): bigint {
  if (value === null || value === undefined) return 0n;
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  throw new RpcWireError(`expected an integer, got ${kind(value)}`);
}

/** An integer small enough for a number, otherwise a fault. */
export function small(value: unknown): number {
  const number = Number(signed(value));
  if (!Number.isSafeInteger(number)) throw new RpcWireError("integer out of range");
  return number;
}

/** An integer in 0..255; nil and absent are 0. */
export function octet(value: unknown): number {
  const number = small(value);
  if (number < 0 || number > 255) throw new RpcWireError(`expected an integer in 0..255, got ${number}`);
  return number;
}

/** A real number; nil and absent are 0. */
export function real(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw new RpcWireError(`expected a number, got ${kind(value)}`);
}

/** A boolean; 0, 1 and nil are accepted. */
export function flag(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  if (value === null || value === undefined || value === 0) return false;
  if (value === 1) return true;
  throw new RpcWireError(`expected a boolean, got ${kind(value)}`);
}

/** Bytes, also given as text or as an array of integers; null when nil or absent. */
export function bytes(value: unknown): Uint8Array | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value === "string") return encoder.encode(value);
  if (!Array.isArray(value) && !(value instanceof Map))
    throw new RpcWireError(`expected bytes, got ${kind(value)}`);
  return Uint8Array.from(list(value), octet);
}

/** A list; nil and absent are empty. */
export function list(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (value instanceof Map) return [...value].flat(1);
  if (!Array.isArray(value)) throw new RpcWireError(`expected a list, got ${kind(value)}`);
  return value;
}

/** A list of texts, each read by `read`; nil and absent are empty. */
export function textList(value: unknown, read: (item: unknown) => string = text): string[] {
  return list(value).map(read);
}

/** A map from text to text, each read by `read`; nil and absent are empty. */
export function textMap(value: unknown, read: (item: unknown) => string = text): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (!(value instanceof Map)) throw new RpcWireError(`expected a map, got ${kind(value)}`);
  return new Map([...value].map(([key, item]) => [read(key), read(item)]));
}

function kind(value: unknown): string {
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Map) return "a map";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
