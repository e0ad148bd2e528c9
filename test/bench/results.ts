/** What a benchmark found: a table for people, and the same as JSON for programs. */

import { writeFileSync } from "node:fs";

/** Figures by their names, and the value of each in each column; a column may lack a value. */
export type Figures = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Returns the middle one of some numbers, which may be in any order. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

/** A table that is filled value by value. */
export class Results {
  readonly #figures = new Map<string, Map<string, number>>();

  /** Sets one value. What is no number, because nothing was measured, is left out. */
  set(figure: string, column: string, value: number): void {
    if (!Number.isFinite(value)) return;
    const row = this.#figures.get(figure) ?? new Map<string, number>();
    this.#figures.set(figure, row.set(column, value));
  }

  /** All values. */
  get figures(): Figures {
    return Object.fromEntries(Array.from(this.#figures, ([name, row]) => [name, Object.fromEntries(row)]));
  }

  /** Returns the table as text, a line for each figure. */
  text(): string {
    return tableText(this.figures);
  }

  /** Writes all values to a file as JSON, if one is wanted. */
  save(file: string | undefined): void {
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(this.figures, null, 2)}\n`);
  }
}

/** Returns figures as a table, a line for each. */
export function tableText(figures: Figures): string {
  const columns = [...new Set(Object.values(figures).flatMap(Object.keys))];
  const first = Math.max(...Object.keys(figures).map(({ length }) => length)) + 2;
  const width = Math.max(11, ...columns.map(({ length }) => length + 2));
  const lines = Object.entries(figures).map(([name, row]) => {
    const cells = columns.map((column) => numberText(row[column]).padStart(width));
    return name.padEnd(first) + cells.join("");
  });
  return ["".padEnd(first) + columns.map((column) => column.padStart(width)).join(""), ...lines].join("\n");
}

/** Merges what rounds of one benchmark found: the median of each value. */
export function mergeRounds(rounds: readonly Figures[]): Figures {
  const merged = new Results();
  for (const [figure, row] of rounds.flatMap((round) => Object.entries(round)))
    for (const column of Object.keys(row)) {
      const values = rounds.map((round) => round[figure]?.[column]).filter((value) => value !== undefined);
      merged.set(figure, column, median(values));
    }
  return merged.figures;
}

function numberText(value: number | undefined): string {
  if (value === undefined) return "";
  return value.toFixed(value === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2);
}
