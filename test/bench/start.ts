/**
 * How long commands and agents take to start, and what an idle agent weighs, beside Serf's in Go and beside a bare program of
 * each runtime: `npm run bench:start`. Every program runs once in each round, so that noise affects all of them; figures are
 * medians. The bare program is an ES module of one empty statement, as the files of the package are ES modules, run by the same binary with the
 * same flags and environment; nothing in it switches a cache of compiled code on, so the cost of reading one is the commands' own. Linux with
 * bash only. `--rounds=11` commands and `--agents=5` agents of each, `--idle=10` seconds before memory is read,
 * `--only=go,node,node24,deno,bun`, `--before=FOLDER` adds the `dist` in another folder, `--programs=FOLDER` what `npm run
 * compile` made, `--json=FILE` writes the figures to a file, too.
 */

import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { find, searchHere } from "../machine/here.ts";
import { type Command, type RuntimeName, runtimeNames, smallHeap } from "../runtimes/binaries.ts";
import { median, Results } from "./results.ts";
import { MeasuredAgent } from "./start_agent.ts";

const execute = promisify(execFile);
const commandLimitMs = 30_000;
const root: string = fileURLToPath(new URL("../..", import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "11" },
    agents: { type: "string", default: "5" },
    idle: { type: "string", default: "10" },
    only: { type: "string", default: "go,node,node24,deno,bun" },
    before: { type: "string" },
    programs: { type: "string" },
    json: { type: "string" },
  },
});

/** A program, and the samples of each figure by its name. */
interface Candidate {
  readonly name: string;
  readonly command: Command;
  /** The bare program of its runtime; `undefined` if it has none. */
  readonly bare: Command | undefined;
  readonly samples: Map<string, number[]>;
}

/** Finds what this machine can run. */
async function candidates(): Promise<Candidate[]> {
  await searchHere(["serf-0.9", "serf-0.10", ...runtimeNames]);
  const wanted = new Set(options.only.split(","));
  const found: Candidate[] = [];
  const add = (name: string, program: string, args: readonly string[] = [], bare?: Command): void => {
    found.push({ name, command: { program, args }, bare, samples: new Map() });
  };
  for (const [name, thing] of [
    ["go 0.10", "serf-0.10"],
    ["go 0.9", "serf-0.9"],
  ] as const) {
    const { path, missing } = find(thing);
    if (!wanted.has("go")) continue;
    if (path === undefined) console.error(`${name}: ${missing}`);
    else add(name, path);
  }
  for (const name of runtimeNames.filter((each) => wanted.has(each))) {
    const { path, missing } = find(name);
    if (path === undefined) {
      console.error(`${name}: ${missing}`);
      continue;
    }
    const folders = [
      ["", join(root, "dist")],
      [" before", options.before],
    ] as const;
    for (const [suffix, folder] of folders)
      if (folder !== undefined) {
        const bare = { program: path, args: [...flags(name), bareFile] };
        add(`${name}${suffix}`, path, [...flags(name), entry(name, resolve(folder))], bare);
      }
  }
  for (const name of ["bun", "deno", "node"]) {
    const path = join(resolve(options.programs ?? "."), `serf-${name}`);
    if (options.programs !== undefined && existsSync(path)) add(`${name}, one file`, path);
  }
  return found;
}

function flags(name: RuntimeName): string[] {
  return name === "deno" ? ["run", "-A", "--unstable-net", smallHeap.deno, "--node-modules-dir=manual"] : [];
}

function entry(name: RuntimeName, folder: string): string {
  return join(folder, "runtimes", name === "deno" || name === "bun" ? name : "node", "cli.js");
}

function record({ samples }: Candidate, figure: string, value: number): void {
  if (!samples.has(figure)) samples.set(figure, []);
  samples.get(figure)!.push(value);
}

/**
 * Runs a command and records its wall and processor time in milliseconds, which bash reads from the system. Meanwhile
 * what the agent prints is read; else it would stop when nothing more can wait.
 */
async function time(
  candidate: Candidate,
  figure: string,
  { program, args: first }: Command,
  args: readonly string[] = [],
): Promise<void> {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" > /dev/null';
  const { stderr } = await execute("bash", ["-c", script, "bash", program, ...first, ...args], {
    timeout: commandLimitMs,
  });
  const [wall, user, system] = stderr.trim().split("\n").at(-1)!.split(" ").map(Number);
  record(candidate, `${figure} wall ms`, 1_000 * wall!);
  record(candidate, `${figure} cpu ms`, 1_000 * (user! + system!));
}

/** Commands, of which `members` and `event` talk to one agent, the first program's. */
async function measureCommands(found: readonly Candidate[]): Promise<void> {
  const host = "127.0.0.85";
  const agent = await MeasuredAgent.run(found[0]!.command, host);
  const rpc = `-rpc-addr=${host}:17373`;
  try {
    for (let round = 0; round <= Number(options.rounds); round++) {
      for (const candidate of found) {
        const { command, bare } = candidate;
        if (bare !== undefined) await time(candidate, "bare", bare);
        await time(candidate, "version", command, ["version"]);
        await time(candidate, "members", command, ["members", rpc]);
        await time(candidate, "event", command, ["event", rpc, "deploy", "v2"]);
      }
      // The first round fills caches.
      if (round === 0) for (const { samples } of found) samples.clear();
    }
  } finally {
    await agent.stop();
  }
}

/** Agents, each alone in its cluster; all of a round are idle at the same time. */
async function measureAgents(found: readonly Candidate[]): Promise<void> {
  for (let round = 0; round <= Number(options.agents); round++) {
    const running: [Candidate, MeasuredAgent][] = [];
    try {
      for (const [index, candidate] of found.entries())
        running.push([candidate, await MeasuredAgent.run(candidate.command, `127.0.4.${index + 1}`)]);
      if (round === 0) continue;
      await sleep(1_000 * Number(options.idle));
      for (const [candidate, agent] of running) {
        record(candidate, "agent wall ms", agent.start.wallMs);
        record(candidate, "agent cpu ms", agent.start.cpuMs);
        const { residentMib, anonymousMib } = agent.memory();
        record(candidate, "agent MiB", residentMib);
        record(candidate, "agent anonymous MiB", anonymousMib);
      }
    } finally {
      await Promise.all(running.map(([, agent]) => agent.stop()));
    }
  }
}

/** A row for each figure with a column for each program; in brackets how often Go's, the first column, fits. */
function print(found: readonly Candidate[], results: Readonly<Record<string, Record<string, number>>>): void {
  const firstWidth = 26;
  const width = Math.max(14, ...found.map(({ name }) => name.length + 2));
  console.log(["".padEnd(firstWidth), ...found.map(({ name }) => name.padStart(width))].join(""));
  for (const figure of new Set(found.flatMap(({ name }) => Object.keys(results[name]!)))) {
    const cells = found.map(({ name }) => {
      const value = results[name]![figure];
      if (value === undefined) return "".padStart(width);
      const go = results["go 0.10"]?.[figure];
      const ratio =
        go === undefined || name.startsWith("go") || figure.includes("bare")
          ? ""
          : ` (${(value / go).toFixed(1)})`;
      return `${value.toFixed(figure.endsWith("/ bare") ? 2 : 1)}${ratio}`.padStart(width);
    });
    console.log([figure.padEnd(firstWidth), ...cells].join(""));
  }
}

/**
 * Adds what commands and the start of an agent take over the bare program: milliseconds, and how many times as long. A ratio is the median of
 * those of the rounds, as both took turns; agents have other rounds, so theirs is one of medians.
 */
function compare({ samples }: Candidate): void {
  const middle = (figure: string): number => median(samples.get(figure)!);
  for (const kind of ["wall", "cpu"]) {
    const bare = samples.get(`bare ${kind} ms`);
    if (bare === undefined) continue;
    for (const name of ["version", "members", "event", "agent"]) {
      const values = samples.get(`${name} ${kind} ms`);
      if (values === undefined) continue;
      const pairs =
        name === "agent"
          ? values.map((value) => value / median(bare))
          : values.map((value, round) => value / bare[round]!);
      samples.set(`${name} ${kind} over bare ms`, [middle(`${name} ${kind} ms`) - median(bare)]);
      samples.set(`${name} ${kind} / bare`, [median(pairs)]);
    }
  }
}

const [smallHeapName, smallHeapSize] = smallHeap.bun.split("=") as [string, string];
process.env[smallHeapName] = smallHeapSize;
// Everything but results goes to standard error.
const { status } = spawnSync(process.execPath, [join(root, "tools", "build.mjs")], {
  stdio: ["ignore", 2, 2],
});
if (status !== 0) throw new Error("dist cannot be built");
const bareFolder: string = mkdtempSync(join(tmpdir(), "tserf-bare-"));
const bareFile: string = join(bareFolder, "bare.js");
writeFileSync(join(bareFolder, "package.json"), '{ "type": "module" }\n');
writeFileSync(bareFile, ";\n");
const found: Candidate[] = await candidates();
if (found.length === 0) throw new Error("There is nothing to measure");
try {
  await measureCommands(found);
  if (Number(options.agents) > 0) await measureAgents(found);
} finally {
  rmSync(bareFolder, { recursive: true, force: true });
}
for (const candidate of found) compare(candidate);
const results: Record<string, Record<string, number>> = Object.fromEntries(
  found.map(({ name, samples }) => [
    name,
    Object.fromEntries([...samples].map(([figure, values]) => [figure, Number(median(values).toFixed(2))])),
  ]),
);
print(found, results);
const table: Results = new Results();
for (const [name, figures] of Object.entries(results))
  for (const [figure, value] of Object.entries(figures)) table.set(figure, name, value);
table.save(options.json);
