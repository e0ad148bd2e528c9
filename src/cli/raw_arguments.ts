/**
 * Arguments that are not UTF-8. Runtimes give them as text in which other characters stand for such
 * bytes; where the system tells the bytes, they are kept as lone surrogates, which no text contains.
 * Payloads may have any bytes. All other arguments have to be text.
 */

import { quoteBytes } from "../go/quote.ts";
import { characters } from "../go/utf8.ts";
import type { Terminal } from "../runtime.ts";

/** The byte 0x80 is U+DC80, and so on to U+DCFF. */
const rawBase = 0xdc00;

/** Stands for bytes that nobody knows. */
const unknown = "\ud800";

/** What a runtime puts in the place of bytes that are not UTF-8. */
const replacement = "\ufffd";

/** The arguments of the program; bytes that are not UTF-8 are lone surrogates. */
export function exactArguments({ args, rawArgument }: Terminal): string[] {
  return args.map((text, place) => {
    if (rawArgument === undefined || !text.includes(replacement)) return text;
    const bytes = rawArgument(place);
    return bytes === undefined ? unknown : keepBytes(bytes);
  });
}

/** Why an argument is refused even as a payload; `undefined` if its bytes are known. */
export function unknownFault(text: string): string | undefined {
  return text === unknown ? "An argument is not valid UTF-8" : undefined;
}

/** Why an argument is refused where text is needed; `undefined` if it is text. */
export function rawFault(text: string): string | undefined {
  const fault = unknownFault(text);
  if (fault !== undefined) return fault;
  return isText(text)
    ? undefined
    : `An argument is not valid UTF-8: ${quoteBytes(bytesOf(text) as Uint8Array)}`;
}

/** A payload: text, or the bytes of an argument that is not UTF-8. */
export function bytesOf(text: string): Uint8Array | string {
  if (isText(text)) return text;
  const encoder = new TextEncoder();
  return Uint8Array.from(
    [...text].flatMap((character) => {
      const code = character.codePointAt(0)!;
      return isRaw(code) ? [code - rawBase] : [...encoder.encode(character)];
    }),
  );
}

function keepBytes(bytes: Uint8Array): string {
  let text = "";
  for (const character of characters(bytes))
    text += typeof character === "number" ? String.fromCharCode(rawBase + character) : character;
  return text;
}

function isText(text: string): boolean {
  return text !== unknown && ![...text].some((character) => isRaw(character.codePointAt(0)!));
}

function isRaw(code: number): boolean {
  return code >= rawBase + 0x80 && code <= rawBase + 0xff;
}
