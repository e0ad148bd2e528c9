/**
 * Text in double quotes with Go's escapes (`%q`), which Serf uses in messages and in the output of `monitor`.
 */

import { characters } from "./utf8.ts";

const shortEscapes: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Quotes text as Go's `strconv.Quote` does: printable Unicode stays, the rest is escaped. */
export function quote(text: string): string {
  let quoted = '"';
  for (const character of text) quoted += escapeCharacter(character);
  return `${quoted}"`;
}

/** Quotes bytes as Go's `strconv.Quote` does a string of any bytes: `\xff` for what is not UTF-8. */
export function quoteBytes(bytes: Uint8Array): string {
  let quoted = "";
  for (const character of characters(bytes)) {
    if (typeof character === "number") quoted += `\\x${hex(character, 2)}`;
    else quoted += escapeCharacter(character);
  }
  return `"${quoted}"`;
}

/** Returns one character as it stands between Go's quotes: printable Unicode stays. */
export function escapeCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0)!;
  // Go prints letters, marks, numbers, punctuation, symbols and the ASCII space.
  if (character === " " || (/[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character) && !isSurrogate(code)))
    return character;
  if (isSurrogate(code)) return "\ufffd";
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}
