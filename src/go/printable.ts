/**
 * Text of others made safe to print. Names and tags come from peers and may hold line breaks, escape
 * sequences of terminals and marks that reverse the direction of writing: printed as they are, they
 * forge log lines and move the cursor. They are shown as Go quotes them, `\x1b`, without the quotes.
 */

import { escapeCharacter } from "./quote.ts";

/** C0, DEL, C1, line and paragraph separators, direction marks. */
const unsafe = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The same without line breaks and tabs. */
const unsafeInLines = /(?![\n\t])[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The layout of a list of errors in Go: an item, or the end of the list. */
const listLayout = /(\n\t\* |\n+$|\n\n(?=, retrying in ))/;

/** Anything but ASCII that can be printed; most texts have nothing else. */
const unusual = /[^ -~]/;

/** Text for one line: a name in a table, for example. */
export function printable(text: string): string {
  return text.replace(unsafe, escapeCharacter);
}

/** Text of several lines, such as the output of a program of this machine. */
export function printableLines(text: string): string {
  return text.replace(unsafeInLines, escapeCharacter);
}

/** Text of a log entry: one line, or a list of errors. Idempotent. */
export function printableEntry(text: string): string {
  if (!unusual.test(text)) return text;
  // Splitting at a group keeps what it matched, at the odd places.
  const parts = text.split(listLayout);
  return parts.map((part, index) => (index % 2 === 1 ? part : printable(part))).join("");
}
