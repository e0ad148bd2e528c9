/** In which order the tests of the core are run for a fault: those that most likely notice it come first. */

import { posix } from "node:path";

/**
 * Splits `tests` for a fault in `file` into those near it and all others. The first is the test of that
 * file; then come those of its folder that import it, the scenarios, which are fast and see most, the others
 * of its folder, and those elsewhere that import it.
 */
export function stagesOf(file: string, tests: readonly string[], read: (path: string) => string): string[][] {
  const own = file.replace(/^src/, "test").replace(/\.ts$/, ".test.ts");
  const folder = posix.dirname(own);
  const distance = (path: string): number => {
    if (path === own) return 0;
    const isBeside = posix.dirname(path) === folder;
    if (path.includes("/scenarios/")) return 2;
    if (imports(path, read(path), file)) return isBeside ? 1 : 4;
    return isBeside ? 3 : Number.POSITIVE_INFINITY;
  };
  const measured = tests.map((path) => ({ path, distance: distance(path) }));
  const near = measured.filter((test) => Number.isFinite(test.distance));
  const others = measured.filter((test) => !Number.isFinite(test.distance));
  near.sort((a, b) => a.distance - b.distance);
  return [near, others].map((stage) => stage.map(({ path }) => path));
}

function imports(path: string, text: string, file: string): boolean {
  for (const [, to] of text.matchAll(/from "(\.[^"]+)"/g))
    if (posix.join(posix.dirname(path), to!) === file) return true;
  return false;
}
