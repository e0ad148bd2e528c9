/**
 * Makes programs of one file for this machine, with the runtime in them: `npm run compile`, or `npm run compile -- bun --out=FOLDER` for one
 * of them and another place than `programs`. They are called `serf-bun` and `serf-deno`, and need nothing installed. The
 * runtimes are those of `npm run runtimes`, or else those on the search path. Deno's compiler fetches what its programs run on.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { binary, smallHeap } from "../test/runtimes/binaries.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: join(root, "programs") } },
});
const out = resolve(values.out);
const suffix = process.platform === "win32" ? ".exe" : "";

/** The arguments of each compiler. */
const compilers = {
  // The built files, of which Bun makes one again; bytecode spares it reading them as text at every start.
  bun: (target) => [
    ...["build", "--compile", "--bytecode", "--format=esm", "--target=bun", `--outfile=${target}`],
    "dist/runtimes/bun/cli.js",
  ],
  // The sources, because their imports name packages that Deno finds without a folder of installed ones, which would become part of the program.
  deno: (target) => [
    ...["compile", "--no-check", "-A", smallHeap.deno, `--output=${target}`],
    "runtimes/deno/cli.ts",
  ],
};

const names = positionals.length > 0 ? positionals : Object.keys(compilers);
for (const name of names)
  if (!Object.hasOwn(compilers, name)) fail(`Cannot compile for "${name}", only for bun and deno`);
mkdirSync(out, { recursive: true });
for (const name of names) compile(name);

function compile(name) {
  const program = binary(name).path ?? name;
  const target = join(out, `serf-${name}${suffix}`);
  if (name === "bun" && !run(process.execPath, [join(root, "tools", "build.mjs")]))
    return fail("Cannot compile for Bun without dist");
  if (!run(program, compilers[name](target))) return fail(`Cannot compile for ${name}, see above`);
  console.log(`Compiled ${target}`);
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
