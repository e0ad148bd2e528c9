/**
 * What a reader has when a page begins. The registries do not have the package yet, and the tests fetch nothing: in place of `npm ci` and of
 * installations of tserf stand scripts that link what these would install. Every other command of a page is the real one.
 */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { find, pathOf } from "../machine/here.ts";
import type { ThingName } from "../machine/things.ts";
import { root } from "../tidy/sources.ts";

/** A clone to work in; `serf` installed; Serf in Go as `serf` beside ours as `tserf`. */
export type Start = "clone" | "serf" | "two serfs";

/** Prepares a reader's folder, with files elsewhere in `rubbish`, and returns the environment of the terminals. */
export function startFor(start: Start, rubbish: string, folder: string): NodeJS.ProcessEnv {
  const bin = join(rubbish, "bin");
  const home = join(rubbish, "home");
  for (const path of [bin, home]) mkdirSync(path);
  for (const name of ["node", "deno", "bun"] as const) {
    const { path } = find(name);
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
  const ours = join(root, "dist", "runtimes", "node", "cli.js");
  const script = (name: string, text: string): void =>
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  script("npm", standIn);
  if (start === "clone") clone(folder);
  else {
    script("tserf", `exec node '${ours}' "$@"`);
    if (start === "serf") script("serf", `exec node '${ours}' "$@"`);
    else symlinkSync(pathOf("serf-0.10"), join(bin, "serf"));
  }
  // The runner of this suite passes settings on to those that it starts.
  const { VITEST: _, NODE_ENV: __, NODE_OPTIONS: ___, ...env } = process.env;
  return {
    ...env,
    HOME: home,
    NO_COLOR: "1",
    PACKAGE: root,
    // Deno's packages are in the cache that the search for `deno-cache` filled.
    DENO_DIR: env["DENO_DIR"] ?? join(env["XDG_CACHE_HOME"] ?? join(env["HOME"] ?? "/", ".cache"), "deno"),
    PATH: `${bin}:${env["PATH"]}`,
  };
}

/** Builds what the pages install, unless it is up to date. */
export function build(): void {
  execFileSync(pathOf("node"), [join(root, "tools", "build.mjs")], { stdio: "pipe" });
}

/** What a page needs whatever its blocks need. */
export function needsOf(start: Start): readonly ThingName[] {
  return start === "two serfs" ? ["networks", "serf-0.10"] : ["networks"];
}

/** In place of npm, for what the registry does not have yet or what is installed already. */
const standIn = `case "$*" in
  ci) exit 0 ;;
  "install tserf") mkdir -p node_modules && exec ln -s "$PACKAGE" node_modules/tserf ;;
esac
npm=$(PATH=\${PATH#*:} && command -v npm)
exec "$npm" "$@"`;

/** Copies all files that git knows, changed or not, and links what is installed. */
function clone(folder: string): void {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  for (const path of list.toString().split("\0").filter(Boolean)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { force: true });
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
}
