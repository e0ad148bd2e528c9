/**
 * Runs the vitest suite on runtimes: `node run.mjs [runtime,…] [vitest arguments]`, by default on
 * all that are installed. Prints a summary line per runtime and exits with 1 if a test failed, a
 * run did not end properly, or a requested runtime is missing. With `TSERF_TEST_AGAIN=1` files that
 * failed are run once more; `TSERF_TEST_FIRST=FILE` is vitest's JSON report of a first run.
 */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { failuresOf, withSecondChance } from "./again.mjs";
import "./typescript.mjs";

const { binary, runtimeNames } = await import("./binaries.ts");
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
/** Longest a run may take. */
const limitMs = 30 * 60_000;

/** Arguments before vitest's, by runtime. */
const before = {
  node: [],
  node24: [],
  deno: ["run", "-A", "--unstable-net", "--node-modules-dir=manual"],
  bun: ["--bun"],
};

/** Runs the suite on one runtime; returns vitest's counts. */
export async function runSuite(name, vitestArguments = []) {
  const found = binary(name);
  if (found.path === undefined) return { name, missing: found.missing };
  const directory = await mkdtemp(join(tmpdir(), "tserf-suite-"));
  const report = join(directory, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const args = [...before[name], vitest, "run", ...reporters, ...vitestArguments];
    const child = spawn(found.path, args, { cwd: root, stdio: "inherit", timeout: limitMs });
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
    });
    const result = await readFile(report, "utf8").then(JSON.parse, () => undefined);
    if (!result) return { name, missing: `no report was written, exit code ${code}` };
    return readReport(name, code, result);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The result of a run, from vitest's JSON report. */
export function readReport(name, code, report) {
  return {
    name,
    code,
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: failuresOf(report, root),
  };
}

/** The summary line of a run. */
export function summary({ name, missing, code, passed, failed, skipped }) {
  if (missing !== undefined) return `${name}: not run: ${missing}`;
  const skips = skipped > 0 ? `, ${skipped} skipped` : "";
  const exit = code !== 0 && failed === 0 ? `, exit code ${code}` : "";
  return `${name}: ${passed} passed, ${failed} failed${skips}${exit}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2);
  const asked = first?.split(",");
  const chosen = asked?.every((name) => runtimeNames.includes(name)) ? asked : undefined;
  const { TSERF_TEST_AGAIN: again, TSERF_TEST_FIRST: report } = process.env;
  const results = [];
  for (const name of chosen ?? runtimeNames) {
    const first = report
      ? readReport(name, 0, JSON.parse(await readFile(report, "utf8")))
      : await runSuite(name, chosen ? rest : process.argv.slice(2));
    results.push(again === "1" ? await withSecondChance(first, runSuite) : first);
  }
  for (const result of results) console.log(summary(result));
  if (results.some(({ code, failed }) => code !== 0 || failed > 0)) process.exitCode = 1;
}
