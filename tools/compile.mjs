/**
 * Makes programs of one file with the runtime in them, which need nothing installed: `npm run compile` makes `serf-bun`, `serf-deno` and
 * `serf-node` for this machine, in `programs`. `npm run compile -- bun --target=linux-arm64,darwin-arm64 --out=FOLDER` makes one of them for
 * other machines, called `serf-bun-linux-arm64` and so on, in another place; `--target=all` is for all. Beside the programs lies SHA256SUMS.
 *
 * The runtimes are those of `npm run runtimes`, or else those on the search path. Bun fetches its own for other machines from npm's registry,
 * and Deno what its programs run on from dl.deno.land. A program of Node is made for this machine only, because V8's code in it is.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { binary, smallHeap } from "../test/runtimes/binaries.ts";
import { compileNode } from "./sea.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: join(root, "programs") }, target: { type: "string" } },
});
const out = resolve(values.out);
const sumsName = "SHA256SUMS";

/** The machines, and what Deno calls them. Bun calls them as we do. */
const machines = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "windows-x64": "x86_64-pc-windows-msvc",
};

/** What each compiler does to write a program; `machine` is `undefined` for this one. Each returns whether it succeeded. */
const compilers = {
  // The built files, of which Bun makes one again; bytecode spares it reading them as text at every start.
  bun: (file, machine) => {
    const built = run(process.execPath, [join(root, "tools", "build.mjs")]);
    const target = machine === undefined ? "bun" : `bun-${machine}`;
    const flags = ["--compile", "--bytecode", "--format=esm", `--target=${target}`, `--outfile=${file}`];
    return built && run(programOf("bun"), ["build", ...flags, "dist/runtimes/bun/cli.js"]);
  },
  // The sources, because their imports name packages that Deno finds without a folder of installed ones, which would become part of the program.
  deno: (file, machine) => {
    const target = machine === undefined ? [] : [`--target=${machines[machine]}`];
    const flags = ["--no-check", "-A", smallHeap.deno, ...target, `--output=${file}`];
    return run(programOf("deno"), ["compile", ...flags, "runtimes/deno/cli.ts"]);
  },
  node: async (file, machine) => {
    if (machine !== undefined) {
      console.error("A program of Node is made on a machine like those that run it");
      return false;
    }
    return await compileNode({ root, file, node: binary("node24").path ?? process.execPath, run });
  },
};

/** From where a runtime for other machines comes, for those who have no way there. */
const sources = { bun: "npm's registry", deno: "dl.deno.land" };

const names = positionals.length > 0 ? positionals : Object.keys(compilers);
const asked = values.target === "all" ? Object.keys(machines) : values.target?.split(",");
const unknown = [
  ...names
    .filter((name) => !Object.hasOwn(compilers, name))
    .map((name) => `for "${name}", only for bun, deno and node`),
  ...(asked ?? [])
    .filter((name) => !Object.hasOwn(machines, name))
    .map((name) => `for "${name}", only for ${Object.keys(machines).join(", ")}`),
];
for (const text of unknown) fail(`Cannot compile ${text}`);
if (unknown.length === 0) {
  mkdirSync(out, { recursive: true });
  for (const name of names) for (const machine of asked ?? [undefined]) await compile(name, machine);
  writeSums();
}

async function compile(name, machine) {
  const windows = machine === undefined ? process.platform === "win32" : machine.startsWith("windows");
  const file = join(out, `serf-${[name, machine].filter(Boolean).join("-")}${windows ? ".exe" : ""}`);
  if (await compilers[name](file, machine)) return console.log(`Compiled ${file}`);
  const source = sources[name];
  const hint = source === undefined ? "" : `; what is not here yet is fetched from ${source}`;
  fail(`Cannot compile for ${name}${machine === undefined ? "" : ` on ${machine}`}, see above${hint}`);
}

/** Writes the checksums of all programs and packages in the folder, as `sha256sum --check` reads them. */
function writeSums() {
  const files = readdirSync(out).filter((name) => /^serf-|\.deb$/.test(name));
  const lines = files.sort().map((name) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(out, name)))
      .digest("hex");
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(out, sumsName), lines.join(""));
}

function programOf(name) {
  return binary(name).path ?? name;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) console.error(`Cannot run ${program}: ${error.message}`);
  return status === 0;
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
