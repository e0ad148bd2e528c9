/**
 * Reads the fields of decoded records as tolerantly as Go's decoder does, and not more: records as
 * maps or as arrays in declared order, nil for any zero value, str and bin alike, 0 and 1 for
 * booleans. Anything else is a {@link RpcWireError}.
 */

import { RpcWireError } from "./wire_error.ts";

/** Named fields of a record. */
export type Fields = ReadonlyMap<string, unknown>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

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

/** Text; nil and absent are empty. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (value instanceof Uint8Array) return decoder.decode(value);
  throw new RpcWireError(`expected text, got ${kind(value)}`);
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
  if (!Array.isArray(value)) throw new RpcWireError(`expected bytes, got ${kind(value)}`);
  return Uint8Array.from(value, octet);
}

/** A list; nil and absent are empty. */
export function list(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) throw new RpcWireError(`expected a list, got ${kind(value)}`);
  return value;
}

/** A list of texts; nil and absent are empty. */
export function textList(value: unknown): string[] {
  return list(value).map(text);
}

/** A map from text to text; nil and absent are empty. */
export function textMap(value: unknown): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (!(value instanceof Map)) throw new RpcWireError(`expected a map, got ${kind(value)}`);
  return new Map([...value].map(([key, item]) => [text(key), text(item)]));
}

function kind(value: unknown): string {
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Map) return "a map";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
