/**
 * Values of settings that are refused. The message begins with the name that the user gave: a key of
 * a file or a flag.
 */

import { SerfError } from "../../errors.ts";
import { parseBlock } from "../../net/cidr.ts";
import type { Setting } from "./table.ts";

/** The largest datagram, which bounds every message that is not split. */
const datagramSizeMax = 65_507;

/** The shortest hold that a node takes. */
const crashHoldMinMs = 300;

/**
 * Why a value of a row is refused; `undefined` if it is not. `given` is the value as the user wrote
 * it.
 */
export function refusal(row: Setting, name: string, value: unknown, given: unknown): string | undefined {
  const why = value === undefined ? undefined : reason(row, value);
  return why === undefined ? undefined : `${name} ${why}, got ${JSON.stringify(given)}`;
}

function reason({ refuse }: Setting, value: unknown): string | undefined {
  switch (refuse) {
    case "negative":
      return (value as number) < 0 ? "must not be negative" : undefined;
    case "not a size": {
      const size = value as number;
      return size < 0 || size > datagramSizeMax ? `must be 1 to ${datagramSizeMax} bytes` : undefined;
    }
    case "not a crash hold": {
      const hold = value as number;
      return hold !== 0 && hold < crashHoldMinMs ? `must be 0 or at least ${crashHoldMinMs}ms` : undefined;
    }
    case "not blocks":
      return (value as readonly string[]).every(isBlock) ? undefined : "must be blocks such as 10.0.0.0/8";
    default:
      return undefined;
  }
}

function isBlock(text: string): boolean {
  try {
    parseBlock(text);
    return true;
  } catch (error) {
    if (!(error instanceof SerfError)) throw error;
    return false;
  }
}
