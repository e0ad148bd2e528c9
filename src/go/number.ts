/**
 * Integers and booleans as Go's flag parser reads them.
 */

/** Why a number was refused, in the words Go's flag parser prints. */
export type NumberFault = "parse error" | "value out of range";

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/**
 * Reads an integer with base detection: `0x`, `0b`, `0o`, a leading 0 for octal, and `_` between digits when a prefix
 * allows it. Integers beyond JavaScript's safe range count as out of range.
 */
export function parseInteger(text: string): number | NumberFault {
  const match =
    /^([+-]?)(?:0[xX](_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB](_?[01]+(?:_[01]+)*)|0[oO]?(_?[0-7]+(?:_[0-7]+)*)|([1-9]\d*(?:_\d+)*|0))$/.exec(
      text,
    );
  if (match === null) return "parse error";
  const [, sign, hex, binary, octal, decimal] = match;
  const prefix = hex !== undefined ? "0x" : binary !== undefined ? "0b" : octal !== undefined ? "0o" : "";
  const magnitude = BigInt(prefix + (hex ?? binary ?? octal ?? decimal)!.replaceAll("_", ""));
  const value = sign === "-" ? -magnitude : magnitude;
  if (value < int64Min || value > int64Max) return "value out of range";
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : "value out of range";
}

const trueTexts: readonly string[] = ["1", "t", "T", "TRUE", "true", "True"];
const falseTexts: readonly string[] = ["0", "f", "F", "FALSE", "false", "False"];

/** Reads one of the twelve spellings that Go accepts; `undefined` for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  if (trueTexts.includes(text)) return true;
  return falseTexts.includes(text) ? false : undefined;
}
