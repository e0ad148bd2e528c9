/** Lines that stand in many differences. */

import type { IntendedDifference } from "../intended.ts";

/** A difference without its place. */
export type Lines = Pick<IntendedDifference, "original" | "ours" | "reason">;

/**
 * A name that does not resolve. `before` are the words before the lookup in each line that has it.
 */
export function lookup(name: string, ...before: string[]): Lines {
  return {
    original: before.map((words) => `stdout: ${words}lookup ${name} on DNS-SERVER:53: no such host`),
    ours: before.map((words) => `stdout: ${words}lookup ${name}: no such host`),
    reason: "JavaScript does not tell which name server was asked",
  };
}

/** Lines of an agent's log; headings of writers begin with a dash. */
export function logged(lines: readonly string[], indent = "    "): string[] {
  return lines.map((line) => `stdout: ${line.startsWith("-- ") ? line : `${indent}TIME ${line}`}`);
}
