/**
 * Finds the word that somebody meant who wrote another one.
 */

/** Characters of a word that are compared. */
const comparedMax = 64;

/** Returns the word nearest to `word`, the shorter of two; `undefined` if none is near. */
export function nearestWord(word: string, words: readonly string[]): string | undefined {
  const wanted = word.toLowerCase().slice(0, comparedMax);
  const near = words
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate: { length }, distance }) =>
        distance <= Math.max(2, Math.floor(length / 3)) && distance < length,
    )
    .sort((a, b) => a.distance - b.distance || a.candidate.length - b.candidate.length);
  return near[0]?.candidate;
}

/** Letters to insert, remove or replace to get from one word to the other (Wagner and Fischer). */
function editDistance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = before[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, before[column]! + 1, line[column - 1]! + 1));
    }
    before = line;
  }
  return before[to.length]!;
}
