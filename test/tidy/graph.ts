/** Rules about imports: no cycles, no tiny files. Imported types count like other imports. */

import { imports, resolve, type Source } from "./sources.ts";

/** A file with fewer lines belongs into the file that imports it, if there is only one. */
export const lineCountMin = 30;

/** Folders in which every file is one of a kind, however short: commands, and adapters, which have the same names in each runtime. */
const families: readonly string[] = ["src/cli/commands/", "runtimes/"];

/** Which of `files` each of them imports. */
function graphOf(files: readonly Source[]): Map<string, string[]> {
  const known = new Set(files.map(({ path }) => path));
  return new Map(
    files.map((file) => {
      const targets = imports(file).map(({ to }) => resolve(file, to));
      return [file.path, [...new Set(targets)].filter((path) => known.has(path)).sort()];
    }),
  );
}

/** Import cycles, each as `a -> b -> a`: for every file on one, the shortest through it, but no cycle twice. */
export function cycles(files: readonly Source[]): string[] {
  const graph = graphOf(files);
  const found = new Map<string, string>();
  for (const start of [...graph.keys()].sort()) {
    const cycle = shortestCycle(graph, start);
    if (cycle === undefined) continue;
    const key = [...cycle].sort().join();
    if (!found.has(key)) found.set(key, [...cycle, start].join(" -> "));
  }
  return [...found.values()];
}

/** The files from `start` to the one that imports it again, by the shortest way. */
function shortestCycle(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const waiting = [start];
  for (let at = waiting.shift(); at !== undefined; at = waiting.shift()) {
    for (const next of graph.get(at)!) {
      if (next === start) return wayTo(at, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      waiting.push(next);
    }
  }
  return undefined;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [end];
  for (let at = cameFrom.get(end); at !== undefined; at = cameFrom.get(at)) way.unshift(at);
  return way;
}

/** Short files with a single importer. `entries` are used outside, so they stay. */
export function crumbs(files: readonly Source[], entries: ReadonlySet<string>): string[] {
  const graph = graphOf(files);
  return files
    .filter(({ path }) => !entries.has(path) && !families.some((folder) => path.startsWith(folder)))
    .flatMap(({ path, text }) => {
      const count = text.trimEnd().split("\n").length;
      const importers = [...graph].filter(([, targets]) => targets.includes(path)).map(([from]) => from);
      return count < lineCountMin && importers.length === 1
        ? [`${path} has ${count} lines and only ${importers[0]} imports it`]
        : [];
    });
}
