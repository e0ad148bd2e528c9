/**
 * Tries the tests: puts one fault after the other into a copy of the sources, and looks whether a test of
 * the core or the swarm notices it.
 *
 *     npm run mutants
 *     npm run mutants -- --file=prober --workers=2
 *     npm run mutants -- --only="last check" --only="health"
 */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { paths, read, root } from "../tidy/sources.ts";
import { type Mutant, mutated } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import { stagesOf } from "./stages.ts";

/** The share of mutants that must be caught, in per cent. */
const shareMin = 95;
/** A mutant that makes tests run longer than this hangs, and counts as caught. */
const testsLimitMs = 600_000;
const nearLimitMs = 300_000;
/** How long the swarm plays against a mutant. */
const swarmSeconds = 120;

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [""] },
    file: { type: "string", default: "" },
    workers: { type: "string", default: "1" },
    // Leaves out what comes later: the rest of the core's tests, the swarm.
    until: { type: "string", default: "swarm" },
    unchecked: { type: "boolean", default: false },
  },
});

const tests = paths("test/core", ".test.ts");
const copied = ["src", "runtimes", "test", "wasm", "package.json", "tsconfig.json"];
const running = new Set<ChildProcess>();

process.exitCode = await main();

async function main(): Promise<number> {
  const isChosen = ({ name, file }: Mutant): boolean =>
    options.only.some((part) => name.includes(part)) && file.includes(options.file);
  const chosen = mutants.filter(isChosen);
  const copies = Array.from({ length: Number(options.workers) }, makeCopy);
  const stop = (): void => {
    for (const child of running) end(child);
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  };
  process.once("SIGINT", () => {
    stop();
    process.exit(130);
  });
  try {
    if (!options.unchecked) {
      const fault = await testsFail(copies[0]!, tests, testsLimitMs);
      if (fault !== undefined) {
        console.log(`The tests fail without any mutant: ${fault}`);
        return 1;
      }
    }
    return conclude(chosen, await tryAll(chosen, copies));
  } finally {
    stop();
  }
}

/** Tries the mutants, as many at once as there are copies. Returns those that survive. */
async function tryAll(chosen: readonly Mutant[], copies: readonly string[]): Promise<Mutant[]> {
  const survivors: Mutant[] = [];
  const waiting = [...chosen];
  const work = async (copy: string): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const startedAt = performance.now();
      const by = await caughtBy(copy, mutant);
      const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
      if (by === undefined) survivors.push(mutant);
      console.log(
        `${by === undefined ? "SURVIVED" : "caught"} ${mutant.name}, ${seconds} s${by === undefined ? "" : `: ${by}`}`,
      );
    }
  };
  await Promise.all(copies.map(work));
  return survivors;
}

/** Prints the sum. Returns the exit code. */
function conclude(chosen: readonly Mutant[], survivors: readonly Mutant[]): number {
  const caught = chosen.length - survivors.length;
  const share = chosen.length === 0 ? 100 : (100 * caught) / chosen.length;
  console.log(`caught ${caught} of ${chosen.length} (${share.toFixed(1)} %)`);
  for (const { name, file, survives } of survivors)
    console.log(`survived: ${name} (${file})${survives === undefined ? "" : `: ${survives}`}`);
  return share < shareMin ? 1 : 0;
}

/** Returns what notices a mutant. */
async function caughtBy(copy: string, mutant: Mutant): Promise<string | undefined> {
  const path = join(copy, mutant.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, mutated(mutant, text));
  try {
    const [near, others] = stagesOf(mutant.file, tests, read);
    return (
      (await testsFail(copy, near!, nearLimitMs)) ??
      (options.until === "near" ? undefined : await testsFail(copy, others!, testsLimitMs)) ??
      (options.until === "swarm" ? await swarmFails(copy) : undefined)
    );
  } finally {
    writeFileSync(path, text);
  }
}

/** Runs test files in a copy. Returns the first failure. */
async function testsFail(
  copy: string,
  files: readonly string[],
  limitMs: number,
): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const config = "test/mutation/vitest.config.ts";
  return await failure(copy, [vitest, "run", "--bail=1", `--config=${config}`, ...files], limitMs);
}

/** Plays seeds in a copy. Returns the first finding. */
async function swarmFails(copy: string): Promise<string | undefined> {
  const program = ["--import", "./test/runtimes/typescript.mjs", "test/mutation/seeds.ts", `${swarmSeconds}`];
  return await failure(copy, program, 2_000 * swarmSeconds);
}

/** Runs Node in a copy. Returns why it failed: the line that says so, or that it took too long. */
async function failure(
  copy: string,
  program: readonly string[],
  limitMs: number,
): Promise<string | undefined> {
  const child = spawn(process.execPath, program, {
    cwd: copy,
    detached: true,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let output = "";
  const keep = (bytes: Buffer): void => {
    output = (output + bytes.toString()).slice(-100_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end(child);
  }, limitMs);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearTimeout(timer);
  running.delete(child);
  if (late) return `it runs longer than ${limitMs / 1_000} s`;
  if (code === 0) return undefined;
  return /FAIL +(.+)/.exec(output)?.[1] ?? /.*Error.*/.exec(output)?.[0].trim() ?? `exit code ${code}`;
}

/** Ends a program of ours and those that it started. */
function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}

/** Copies what the tests of the core and the swarm need. Returns the folder. */
function makeCopy(): string {
  const copy = mkdtempSync(join(tmpdir(), "tserf-mutant-"));
  for (const name of copied) {
    const filter = (from: string): boolean => !from.includes("node_modules");
    cpSync(join(root, name), join(copy, name), { recursive: true, filter });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}
