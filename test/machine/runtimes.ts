/** Installs the runtimes that tests start programs on: Deno, Bun and a newer Node, from npm, into `test/runtimes/node_modules`. */

import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { binary, runtimeNames } from "../runtimes/binaries.ts";

const root: string = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const lockFile: string = join(root, "test", "runtimes", "package-lock.json");
/** npm writes this when it has finished. */
const doneFile: string = join(root, "test", "runtimes", "node_modules", ".package-lock.json");

/** Longest an installation may take. */
const installMs = 10 * 60_000;

/** Installs them if some are missing, unless all of these are in `unwanted`. If that fails, the tests of those runtimes are skipped. */
export function installRuntimes(unwanted: readonly string[]): void {
  const missing = runtimeNames.filter(
    (name) => name !== "node" && !unwanted.includes(name) && binary(name).path === undefined,
  );
  if (missing.length === 0 || isDone()) return;
  console.log(
    `\nInstalling ${missing.join(", ")} into test/runtimes/node_modules, once, with "npm run runtimes" ...`,
  );
  const begin = Date.now();
  const { status, error, stderr } = spawnSync("npm", ["run", "runtimes"], {
    cwd: root,
    encoding: "utf8",
    stdio: "pipe",
    timeout: installMs,
    // On Windows npm is a script.
    shell: process.platform === "win32",
  });
  if (status === 0) console.log(`Installed after ${Math.round((Date.now() - begin) / 1000)} s.`);
  else
    console.log(
      `That failed, and their tests are skipped: ${error?.message ?? stderr.trim().split("\n").slice(0, 5).join("\n")}`,
    );
}

/** Whether npm installed what the lock file has for this platform, which may be less than all. */
function isDone(): boolean {
  return existsSync(doneFile) && statSync(doneFile).mtimeMs >= statSync(lockFile).mtimeMs;
}
