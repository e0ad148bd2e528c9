/**
 * Runs the experiment of the Lifeguard paper and prints its table, ours beside the paper's:
 *
 *     npm run lifeguard
 *     npm run lifeguard -- --runs=10 --concurrent=1,4,8,12,16,20,24,28,32
 *     npm run lifeguard -- --only="SWIM;LHA-Probe only"
 */

import { parseArgs } from "node:util";
import { type Counts, configurationsOfPaper, countAll, detect, ownConfigurations } from "./experiment.ts";

/** What the paper reports, in per cent of SWIM: false positives, those at healthy members, messages, bytes. */
const paper: ReadonlyMap<string, readonly number[]> = new Map([
  ["SWIM", [100, 100, 100, 100]],
  ["LHA-Probe only", [67.72, 32.88, 98.46, 90.03]],
  ["LHA-Suspicion only", [3, 6.71, 111.31, 106.52]],
  ["Buddy only", [94.08, 44.57, 100.07, 99.01]],
  ["Lifeguard", [1.53, 1.89, 110.59, 97.97]],
]);

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "128" },
    runs: { type: "string", default: "1" },
    seconds: { type: "string", default: "120" },
    concurrent: { type: "string", default: "4,16,32" },
    blocked: { type: "string", default: "2048,8192,32768" },
    interval: { type: "string", default: "16,1024" },
    crashes: { type: "string", default: "20" },
    /** Names of the configurations to run, instead of all; the first one is what the others are compared with. */
    only: { type: "string" },
  },
});
const numbers = (text: string): number[] => text.split(",").map(Number);
const size = Number(values.size);
const chosen = values.only?.split(";");
const configurations = [...configurationsOfPaper, ...ownConfigurations].filter(
  ({ name }) => chosen === undefined || chosen.includes(name),
);
if (configurations.length === 0) throw new Error(`No configuration has a name of --only=${values.only}`);
const durationMs = 1_000 * Number(values.seconds);

const seeds = Array.from({ length: Number(values.runs) }, (_, index) => index + 1);
const cells = seeds.flatMap((seed) =>
  numbers(values.concurrent).flatMap((concurrent) =>
    numbers(values.blocked).flatMap((blockedMs) =>
      numbers(values.interval).map((intervalMs) => ({
        size,
        seed,
        concurrent,
        blockedMs,
        intervalMs,
        durationMs,
      })),
    ),
  ),
);

const median = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)]!;
const seconds = (ms: readonly number[]): string => (median([...ms].sort((a, b) => a - b)) / 1_000).toFixed(1);
const share = (part: number, whole: number): string => ((100 * part) / whole).toFixed(2);

console.log(
  "| configuration | FP | FP− | FP, % of SWIM (paper) | FP−, % (paper) | messages, % (paper) | bytes, % (paper) | first report, s | last report, s |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
let base: Counts | undefined;
for (const configuration of configurations) {
  const counts = countAll(configuration.swim, cells, (cell, each) =>
    console.error(configuration.name, JSON.stringify(cell), JSON.stringify(each)),
  );
  base ??= counts;
  const theirs = paper.get(configuration.name);
  const found = detect(configuration.swim, { size, seed: 1, crashes: Number(values.crashes) });
  const shares = (["falsePositives", "atHealthy", "messages", "bytes"] as const).map((key, column) =>
    theirs === undefined
      ? share(counts[key], base![key])
      : `${share(counts[key], base![key])} (${theirs[column]})`,
  );
  const { name } = configuration;
  const columns = [name, counts.falsePositives, counts.atHealthy, ...shares];
  const times = [seconds(found.map(({ firstMs }) => firstMs)), seconds(found.map(({ lastMs }) => lastMs))];
  console.log(`| ${[...columns, ...times].join(" | ")} |`);
}
