/**
 * All benchmarks, or some: `npm run bench -- --help`. Those that measure an engine run on every runtime in
 * turns, several times, and medians are kept; those that start agents have Serf in Go beside ours. Each prints
 * its own table on the way; in the end there is one for each part, and JSON in a file if that is wanted.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { find, searchHere } from "../machine/here.ts";
import { type Command, commandFor, type RuntimeName, runtimeNames } from "../runtimes/binaries.ts";
import { argumentsOf, parts, type Request, readRequest, usage } from "./request.ts";
import { type Figures, mergeRounds, tableText } from "./results.ts";

const folder = mkdtempSync(join(tmpdir(), "tserf-bench-"));
const failed: string[] = [];

/** Runs a program that writes figures to a file. Returns `undefined` if it fails. */
function run(title: string, { program, args }: Command, json: string): Figures | undefined {
  console.log(`\n--- ${title}`);
  rmSync(json, { force: true });
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status === 0 && existsSync(json)) return JSON.parse(readFileSync(json, "utf8")) as Figures;
  console.log(`${title} failed`);
  failed.push(title);
  return undefined;
}

function command(runtime: RuntimeName, name: string, request: Request, json: string): Command {
  const { program, args } = commandFor(runtime, find(runtime).path!, `test/bench/${parts[name]!.file}`);
  return { program, args: [...args, ...argumentsOf(name, request, json)] };
}

/** Runs a part on every runtime, one after the other, and that several times. */
function onRuntimes(name: string, runtimes: readonly RuntimeName[], request: Request): Figures {
  const json = join(folder, "figures.json");
  const rounds: Figures[] = [];
  for (let round = 1; round <= request.rounds; round++) {
    for (const runtime of runtimes) {
      const title = `${name} on ${runtime}, round ${round} of ${request.rounds}`;
      const figures = run(title, command(runtime, name, request, json), json);
      if (figures !== undefined) rounds.push(byRuntime(runtime, figures));
    }
  }
  return mergeRounds(rounds);
}

/** Makes one column of the columns that a program on one runtime has: they become figures of their own. */
function byRuntime(runtime: string, figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([figure, row]) =>
      Object.entries(row).map(([column, value]) => [`${figure}, ${column}`, { [runtime]: value }]),
    ),
  );
}

function measure(name: string, runtimes: readonly RuntimeName[], request: Request): Figures | undefined {
  const json = join(folder, "figures.json");
  if (parts[name]!.runs === "runtime") return onRuntimes(name, runtimes, request);
  return run(name, command("node", name, request, json), json);
}

const request = readRequest(process.argv.slice(2));
if (typeof request === "string") {
  console.log(request);
  process.exit(request === usage ? 0 : 1);
}
try {
  await searchHere(runtimeNames);
  const runtimes = runtimeNames.filter((name) => {
    if (!request.only.includes(name)) return false;
    const { missing } = find(name);
    if (missing !== undefined) console.log(`${name}: ${missing}`);
    return missing === undefined;
  });
  const load = loadavg()[0]!;
  const results: Record<string, Figures> = {};
  for (const name of request.parts) {
    const figures = measure(name, runtimes, request);
    if (figures !== undefined) results[name] = figures;
  }
  for (const [name, figures] of Object.entries(results))
    console.log(`\n=== ${name}: ${parts[name]!.about}\n${tableText(figures)}`);
  console.log(
    `\n${cpus().length} processors, load ${load.toFixed(1)} before and ${loadavg()[0]!.toFixed(1)} after`,
  );
  const report = { processors: cpus().length, loadBefore: load, loadAfter: loadavg()[0]!, parts: results };
  if (request.json !== undefined) writeFileSync(request.json, `${JSON.stringify(report, null, 2)}\n`);
  if (failed.length > 0) console.log(`Failed: ${failed.join("; ")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed.length > 0 ? 1 : 0;
