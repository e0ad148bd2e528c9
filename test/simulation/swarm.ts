/**
 * The swarm: many random scenarios, each from a seed. Run as a program it plays new seeds for some
 * minutes on all cores, or replays one seed or one scenario:
 *
 *     npm run swarm -- --minutes=60
 *     npm run swarm -- --seed=17
 *     npm run swarm -- --scenario='{"seed":17,...}'
 */

import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  describeScenario,
  drawScenario,
  type Outcome,
  runTrial,
  type Scenario,
  shrink,
} from "../../runtimes/sim/mod.ts";

/** Plays one seed. Returns what a person needs to know if it fails, as lines of text. */
export function playSeed(seed: number): { readonly outcome: Outcome; readonly report: string[] } {
  const scenario = drawScenario({ seed });
  const outcome = runTrial(scenario);
  return { outcome, report: outcome.findings.length === 0 ? [] : explain(scenario, outcome) };
}

/**
 * Plays one seed with real bytes, and again with messages that are handed over as they are. Returns
 * why these are not one history, as lines of text. Every message of the second run goes through the
 * real codec as well, and has to arrive as it was sent.
 */
export function comparePaths(seed: number): string[] {
  const scenario = { ...drawScenario({ seed }), encrypted: false };
  const structural = { compareEvery: 1, guarded: true };
  const plain = runTrial(scenario, [], { path: "plain" });
  const handed = runTrial(scenario, [], { path: "structural", structural });
  if (plain.hash === handed.hash) return [];
  return [`seed ${seed}: with real bytes the history is ${plain.hash}, without them ${handed.hash}`];
}

/** Returns what broke in a scenario, the shrunk scenario, and the lines that replay both. */
export function explain(scenario: Scenario, { findings, rules }: Outcome): string[] {
  const fails = (smaller: Scenario): boolean => runTrial(smaller).rules.some((rule) => rules.includes(rule));
  const small = shrink(scenario, { fails, triesMax: 150 });
  return [
    ...findings.slice(0, 10),
    "Shrunk to:",
    ...describeScenario(small).map((line) => `  ${line}`),
    `Replay: npm run swarm -- --seed=${scenario.seed}`,
    `Replay the shrunk one: npm run swarm -- --scenario='${JSON.stringify(small)}'`,
  ];
}

/** Adds the counts of one map to another. */
export function addCounts<Key>(sums: Map<Key, number>, counts: ReadonlyMap<Key, number>): void {
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count);
}

/** One in so many seeds is played on both paths as well. */
const comparedEvery = 8;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "1" },
      from: { type: "string" },
      step: { type: "string", default: "1" },
      workers: { type: "string", default: String(availableParallelism()) },
      seed: { type: "string" },
      scenario: { type: "string" },
    },
  });
  if (values.seed !== undefined) replay(drawScenario({ seed: Number(values.seed) }));
  else if (values.scenario !== undefined) replay(JSON.parse(values.scenario) as Scenario);
  else if (values.from !== undefined) {
    work(Number(values.from), Number(values.step), Number(values.minutes));
  } else await spread(Number(values.workers), values.minutes);
}

/** Plays one scenario and prints it with what was found. */
function replay(scenario: Scenario): void {
  const { findings, hash, agreedMs } = runTrial(scenario);
  for (const line of describeScenario(scenario)) console.log(line);
  console.log(`history ${hash}, agreed after ${agreedMs ?? "no"} ms`);
  for (const line of findings) console.log(line);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

/** Plays seeds one after the other until the time is over. */
function work(from: number, step: number, minutes: number): void {
  const end = performance.now() + 60_000 * minutes;
  let seeds = 0;
  let failed = 0;
  let nodeMs = 0;
  for (let seed = from; performance.now() < end; seed += step) {
    const { outcome, report } = playSeed(seed);
    seeds += 1;
    nodeMs += outcome.nodeMs;
    if (seeds % comparedEvery === 0) report.push(...comparePaths(seed));
    if (report.length === 0) continue;
    failed += 1;
    console.log(report.join("\n"));
  }
  const hours = (nodeMs / 3_600_000).toFixed(1);
  console.log(`${seeds} seeds from ${from} in steps of ${step}, ${hours} node hours, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** Runs a worker for each core. They begin at a seed that differs from run to run. */
async function spread(workers: number, minutes: string): Promise<void> {
  const first = (Date.now() % 1_000_000_000) + 1_000_000;
  const script = fileURLToPath(import.meta.url);
  const ends = Array.from({ length: workers }, (_, index) => {
    const own = [`--from=${first + index}`, `--step=${workers}`, `--minutes=${minutes}`];
    const child = spawn(process.execPath, [...process.execArgv, script, ...own], { stdio: "inherit" });
    return exit(child);
  });
  process.exitCode = (await Promise.all(ends)).every((code) => code === 0) ? 0 : 1;
}

function exit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", resolve));
}

if (process.argv[1]?.endsWith("swarm.ts")) await main();
