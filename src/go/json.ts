/**
 * JSON laid out and escaped as Go's encoder does with two-space indent, so that output and files compare byte for byte.
 */

/** What can be written. A `Map` is a Go map: its keys are sorted; a plain object keeps its order, like a Go struct. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | ReadonlyMap<string, JsonValue>
  | { readonly [field: string]: JsonValue };

const encoder = new TextEncoder();

/** Writes a value with two-space indent and no final newline. */
export function encodeJson(value: JsonValue, indent = ""): string {
  if (typeof value === "string") return encodeString(value);
  if (value === null || typeof value !== "object") return String(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly JsonValue[]).map((item) => inner + encodeJson(item, inner));
    return items.length === 0 ? "[]" : `[\n${items.join(",\n")}\n${indent}]`;
  }
  const fields: readonly (readonly [string, JsonValue])[] =
    value instanceof Map ? sortedEntries(value as ReadonlyMap<string, JsonValue>) : Object.entries(value);
  const lines = fields.map(([name, item]) => `${inner}${encodeString(name)}: ${encodeJson(item, inner)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${indent}}`;
}

/** Entries of a map, sorted by the UTF-8 bytes of their keys. */
export function sortedEntries<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([left], [right]) => compareBytes(left, right));
}

/** Orders texts by their UTF-8 bytes, which differs from UTF-16 order beyond the Basic Multilingual Plane. */
export function compareBytes(left: string, right: string): number {
  const a = encoder.encode(left);
  const b = encoder.encode(right);
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}

const shortEscapes: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

function encodeString(text: string): string {
  const escaped = text.replace(/[\p{Cc}"\\<>&\u2028\u2029\ud800-\udfff]/gu, (character) => {
    const code = character.charCodeAt(0);
    // A lone surrogate stands for a byte that is no UTF-8, which Go writes like this.
    if (code >= 0xd800) return "\\ufffd";
    if (code >= 0x7f && code < 0x2028) return character;
    return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}
