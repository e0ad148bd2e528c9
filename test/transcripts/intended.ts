/** Intended differences from Serf, as the data in `expected/differences.ts` lists them. */

import type { Kind } from "../interop/agents.ts";
import type { Difference } from "./compare.ts";

/** Lines that differ on purpose, in some commands of a transcript. */
export interface IntendedDifference extends Difference {
  readonly scenario: string;
  /** Places of the commands in the transcript, from 0. */
  readonly steps: readonly number[];
  readonly reason: string;
  /** The one runtime on which it occurs; `undefined` for all. */
  readonly only?: Kind;
}

/** A part of the log of a transcript that depends on chance, in Serf too. */
export interface Chance {
  readonly scenario: string;
  /** The one command whose output depends on it; `undefined` for all. */
  readonly step?: number;
  readonly reason: string;
  /** Entries that may be there or not. */
  readonly lines?: RegExp;
  /** The recording happens to have none of them. */
  readonly oursAlone?: true;
  /** Entries that count once, however often they come. */
  readonly repeated?: RegExp;
  /** Writers whose entries come in any order. */
  readonly unordered?: readonly string[];
  /** Where the comparison begins: how much of the earlier log is still there is unknown. */
  readonly from?: RegExp;
}

/** Everything that need not be the same. */
export interface Expectations {
  readonly differences: readonly IntendedDifference[];
  readonly chances: readonly Chance[];
}

/**
 * Everything that is meant to differ in one command or file, or in the notes beside it, each line
 * as often as it should occur.
 */
export function intendedAt(
  intended: readonly IntendedDifference[],
  index: number,
  where: "outputs" | "notes",
): Difference {
  const here = intended.filter(({ steps }) => steps.includes(index));
  const wanted = (line: string): boolean => line.startsWith("note: ") === (where === "notes");
  return {
    original: here.flatMap(({ original }) => original).filter(wanted),
    ours: here.flatMap(({ ours }) => ours).filter(wanted),
  };
}

/**
 * What differs besides the intended differences, and intended differences that did not occur: those
 * are marked as not seen.
 */
export function left(found: Difference, meant: Difference): Difference {
  return { original: besides(found.original, meant.original), ours: besides(found.ours, meant.ours) };
}

function besides(found: readonly string[], meant: readonly string[]): string[] {
  const rest = [...meant];
  const more = found.filter((line) => {
    const position = rest.indexOf(line);
    if (position >= 0) rest.splice(position, 1);
    return position < 0;
  });
  return [...more, ...rest.map((line) => `listed, but not seen: ${line}`)];
}
