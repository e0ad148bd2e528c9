/**
 * Reads JSON as Go's decoder does, with its error texts: scripts and people know them from Serf. Works on bytes, because a bad
 * character is named by its first byte. Objects become maps, so that a key may have any name; the last of equal keys wins.
 */

import { quote } from "./quote.ts";

/** A value that was read. */
export type JsonTree = string | number | boolean | null | readonly JsonTree[] | ReadonlyMap<string, JsonTree>;

/** Text that is no JSON; the message is Go's. */
export class JsonError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "JsonError";
  }
}

/** Lists and objects inside each other. */
const depthMax = 1000;

/** Reads one value that has nothing but blanks behind it, as `json.Unmarshal` does. Throws {@link JsonError}. */
export function readJson(bytes: Uint8Array): JsonTree {
  const reader = new JsonReader(bytes, "unexpected end of JSON input");
  const value = reader.value(0);
  reader.finish();
  return value;
}

/** Reads the first value and ignores what follows, as `json.Decoder` does. Throws {@link JsonError}. */
export function readFirstJson(bytes: Uint8Array): JsonTree {
  if (bytes.every((byte) => blanks.has(byte))) throw new JsonError("EOF");
  return new JsonReader(bytes, "unexpected EOF").value(0);
}

/** What a value is in Go's messages: `object`, `array`, `string`, `number`, `bool`. */
export function jsonKind(value: JsonTree): string {
  if (Array.isArray(value)) return "array";
  if (value instanceof Map) return "object";
  return typeof value === "boolean" ? "bool" : typeof value;
}

const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const quoteMark = 0x22;
const backslash = 0x5c;
const zero = 0x30;
const signs: readonly number[] = [0x2b, 0x2d];
const minus = 0x2d;
const literals: readonly string[] = ["true", "false", "null"];

class JsonReader {
  readonly #bytes: Uint8Array;
  readonly #endText: string;
  #at = 0;

  constructor(bytes: Uint8Array, endText: string) {
    this.#bytes = bytes;
    this.#endText = endText;
  }

  value(depth: number): JsonTree {
    const byte = this.#skip();
    if (byte === 0x7b || byte === 0x5b) {
      if (depth >= depthMax) throw new JsonError("exceeded max depth");
      this.#at += 1;
      return byte === 0x7b ? this.#object(depth) : this.#array(depth);
    }
    if (byte === quoteMark) return this.#string();
    if (byte === minus || isDigit(byte)) return this.#number();
    const literal = literals.find((text) => text.charCodeAt(0) === byte);
    if (literal === undefined) throw this.#fault("looking for beginning of value");
    return this.#literal(literal);
  }

  /** Fails unless only blanks are left. */
  finish(): void {
    while (blanks.has(this.#bytes[this.#at] ?? -1)) this.#at += 1;
    if (this.#at < this.#bytes.length) throw this.#fault("after top-level value");
  }

  #object(depth: number): JsonTree {
    const fields = new Map<string, JsonTree>();
    if (this.#takes(0x7d)) return fields;
    for (;;) {
      if (this.#skip() !== quoteMark) throw this.#fault("looking for beginning of object key string");
      const key = this.#string();
      if (!this.#takes(0x3a)) throw this.#fault("after object key");
      fields.set(key, this.value(depth + 1));
      if (this.#takes(0x7d)) return fields;
      if (!this.#takes(0x2c)) throw this.#fault("after object key:value pair");
    }
  }

  #array(depth: number): JsonTree {
    const items: JsonTree[] = [];
    if (this.#takes(0x5d)) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.#takes(0x5d)) return items;
      if (!this.#takes(0x2c)) throw this.#fault("after array element");
    }
  }

  #literal(text: string): boolean | null {
    for (const character of text) {
      if (this.#byte() !== character.charCodeAt(0))
        throw this.#fault(`in literal ${text} (expecting '${character}')`);
      this.#at += 1;
    }
    return JSON.parse(text) as boolean | null;
  }

  #number(): number {
    const start = this.#at;
    if (this.#byte() === minus) this.#at += 1;
    // Nothing may follow a zero at the beginning but a point or an exponent.
    if (this.#byte() === zero) this.#at += 1;
    else this.#digits("in numeric literal");
    if (this.#bytes[this.#at] === 0x2e) {
      this.#at += 1;
      this.#digits("after decimal point in numeric literal");
    }
    if (this.#bytes[this.#at] === 0x65 || this.#bytes[this.#at] === 0x45) {
      this.#at += 1;
      if (signs.includes(this.#byte())) this.#at += 1;
      this.#digits("in exponent of numeric literal");
    }
    const text = this.#textFrom(start);
    const number = Number(text);
    if (!Number.isFinite(number))
      throw new JsonError(`json: cannot unmarshal number ${text} into Go value of type float64`);
    return number;
  }

  /** Skips digits. Fails unless there is one. */
  #digits(where: string): void {
    if (!isDigit(this.#byte())) throw this.#fault(where);
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    this.#at += 1;
    for (;;) {
      const byte = this.#byte();
      if (byte < 0x20) throw this.#fault("in string literal");
      this.#at += 1;
      if (byte === quoteMark) break;
      if (byte === backslash) this.#escape();
    }
    // Halves of a surrogate pair that stand alone are replaced, as Go does.
    return (JSON.parse(this.#textFrom(start)) as string).replace(/[\ud800-\udfff]/gu, "\ufffd");
  }

  /** Skips what follows a backslash. */
  #escape(): void {
    const letter = String.fromCharCode(this.#byte());
    if (!'"\\/bfnrtu'.includes(letter)) throw this.#fault("in string escape code");
    this.#at += 1;
    for (let digit = 0; letter === "u" && digit < 4; digit++) {
      if (!/[0-9a-f]/i.test(String.fromCharCode(this.#byte())))
        throw this.#fault("in \\u hexadecimal character escape");
      this.#at += 1;
    }
  }

  /** What was read from a place on. */
  #textFrom(start: number): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.#bytes.subarray(start, this.#at));
  }

  /** The next byte that is no blank. */
  #skip(): number {
    while (blanks.has(this.#byte())) this.#at += 1;
    return this.#byte();
  }

  #takes(byte: number): boolean {
    if (this.#skip() !== byte) return false;
    this.#at += 1;
    return true;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new JsonError(this.#endText);
    return byte;
  }

  #fault(where: string): JsonError {
    return new JsonError(`invalid character ${quoteByte(this.#byte())} ${where}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** A byte as Go quotes it in these messages: as the character of that number. */
function quoteByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (character === "'") return "'\\''";
  if (character === '"') return `'"'`;
  return `'${quote(character).slice(1, -1)}'`;
}
