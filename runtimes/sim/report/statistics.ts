/** Summaries of lists of whole numbers, by nearest rank, so that every result is one of the list. */

/** The least, the middle and the greatest of a list. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Returns the summary of a list, or `null` if it is empty. */
export function summary(values: readonly number[]): Summary | null {
  const sorted = [...values].sort((a, b) => a - b);
  const min = sorted[0];
  const median = atShare(sorted, 0.5);
  const max = sorted.at(-1);
  return min === undefined || median === undefined || max === undefined ? null : { min, median, max };
}

/**
 * Returns the value that this share of `count` reached, or `undefined` if fewer did. `sorted` has
 * the values of those that reached any, the least first.
 */
export function atShare(
  sorted: readonly number[],
  share: number,
  count: number = sorted.length,
): number | undefined {
  return sorted[Math.max(1, Math.ceil(share * count)) - 1];
}

/** Rounds to hundredths, which prints the same on every engine. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
