/**
 * State tables: rows of data that tests go through cell by cell, and the same table as a comment above the code that implements it.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An input, and the result for each status of the member. */
export type StateRow = readonly [happens: string, ...cells: readonly string[]];

const root = join(import.meta.dirname, "../..");

/** The table in a comment of a source file, its header first, without the line of dashes. */
export function commentTable(path: string): StateRow[] {
  const lines = readFileSync(join(root, path), "utf8").split("\n");
  const rows = lines.filter((line) => /^ \* \|.*\|$/.test(line) && !/^[ *|-]+$/.test(line));
  return rows.map((line) => {
    const [happens = "", ...cells] = line.split("|").slice(1, -1);
    return [happens.trim(), ...cells.map((cell) => cell.trim())];
  });
}

/** Every cell of a table: what happens, the status before, and what is expected. */
export function cellsOf(header: StateRow, rows: readonly StateRow[]): [string, string, string][] {
  const [, ...statuses] = header;
  return rows.flatMap(([happens, ...cells]) =>
    cells.map((cell, index): [string, string, string] => [happens, statuses[index]!, cell]),
  );
}
