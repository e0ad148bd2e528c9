/**
 * Values in Go's `%#v` notation, in which `serf monitor` prints the fields of events.
 */

import { quote } from "./quote.ts";

/** A decoded MessagePack value. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<unknown, unknown>;

/** Writes a value that stands alone: bytes are `[]byte{...}`, nothing is `<nil>`. */
export function goSyntax(value: unknown): string {
  if (value instanceof Uint8Array) return `[]byte{${hexBytes(value)}}`;
  if (value === null || value === undefined) return "<nil>";
  return nested(value);
}

/** Inside another value, bytes print as `[]uint8{...}`. */
function nested(value: unknown): string {
  if (value === null || value === undefined) return "interface {}(nil)";
  if (typeof value === "string") return quote(value);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return integer(value);
  if (typeof value === "number") return Number.isInteger(value) ? integer(BigInt(value)) : String(value);
  if (value instanceof Uint8Array) return `[]uint8{${hexBytes(value)}}`;
  if (Array.isArray(value)) return `[]interface {}{${value.map(nested).join(", ")}}`;
  if (value instanceof Map) {
    const fields = [...(value as ReadonlyMap<unknown, unknown>)].map(
      ([key, item]) => `${nested(key)}:${nested(item)}`,
    );
    return `map[interface {}]interface {}{${fields.sort().join(", ")}}`;
  }
  return String(value);
}

/** Small non-negative and all negative integers arrive signed and print in decimal, larger ones arrive unsigned and print in hexadecimal. */
function integer(value: bigint): string {
  return value < 128n ? `${value}` : `0x${value.toString(16)}`;
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `0x${byte.toString(16)}`).join(", ");
}
