/**
 * Starts an example on the runtime that runs this program: its demo.sh, in a temporary folder that
 * is removed at the end. The folder holds two commands: `serf`, the agent of this repository, and
 * `run`, for programs in TypeScript.
 *
 *   start.ts NAME
 *
 * NETWORK is the part of 127.0.0.0/8 that the example uses, by default 127.0.10: each node has its
 * own address there. SERF is another program for the command `serf`, such as Serf in Go.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const examples = dirname(fileURLToPath(import.meta.url));
const root = dirname(examples);
const [name = ""] = process.argv.slice(2);
const demo = join(examples, name, "demo.sh");
if (name === "" || !existsSync(demo)) throw new Error(`There is no example "${name}" to start`);

const runtime = process.versions["deno"] ? "deno" : process.versions["bun"] ? "bun" : "node";
const before = {
  node: ["--import", join(root, "test/runtimes/typescript.mjs")],
  deno: ["run", "-A"],
  bun: [],
}[runtime];
const run = ["exec", process.execPath, ...before].map((word) => `'${word}'`).join(" ");
const { NETWORK = "127.0.10", PATH = "", SERF } = process.env;
const serf = SERF ? `exec '${SERF}'` : `${run} '${join(root, "runtimes", runtime, "cli.ts")}'`;

const folder = await mkdtemp(join(tmpdir(), "tserf-example-"));
const commands = join(folder, "bin");
// Servers that drop their privileges can still read their files.
await chmod(folder, 0o755);
await mkdir(commands);
for (const [command, line] of [
  ["run", run],
  ["serf", serf],
] as const) {
  await writeFile(join(commands, command), `#!/bin/sh\n${line} "$@"\n`, { mode: 0o755 });
}

const child = spawn("/bin/sh", [demo], {
  cwd: folder,
  stdio: "inherit",
  // Debian installs servers in a folder that is not on every user's search path.
  env: { ...process.env, PATH: `${commands}:${PATH}:/usr/sbin`, EXAMPLES: examples, NETWORK },
});
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const)
  process.on(signal, () => child.kill("SIGTERM"));
child.on("close", async (code) => {
  await rm(folder, { recursive: true, force: true });
  process.exit(code ?? 1);
});
