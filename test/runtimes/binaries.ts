/**
 * Where the runtimes are that tests start programs on. Node is the one that is installed on the machine and runs the tests; the others
 * are platform packages of the private package beside this file, installed by `npm run runtimes`.
 */
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A runtime that the suite runs on. `node` is the oldest supported one, `node24` a newer. */
export type RuntimeName = "node" | "node24" | "deno" | "bun";

/** All of them, in the order in which results are shown. */
export const runtimeNames: readonly RuntimeName[] = ["node", "node24", "deno", "bun"];

/** A program with its first arguments. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

/** A runtime's binary, or why there is none. */
export type Binary =
  | { readonly path: string; readonly missing?: undefined }
  | { readonly path?: undefined; readonly missing: string };

const folder: string = dirname(fileURLToPath(import.meta.url));
const root: string = join(folder, "..", "..");
const windows: boolean = process.platform === "win32";
const suffix: string = windows ? ".exe" : "";

/** Finds a runtime. */
export function binary(name: RuntimeName): Binary {
  if (name === "node") return systemNode();
  const path = join(folder, "node_modules", ...packaged(name));
  if (existsSync(path)) return { path };
  return {
    missing: `${name} is not installed for ${process.platform}-${process.arch}: run "npm run runtimes"`,
  };
}

/** How to run a TypeScript file of this repository on a runtime, or why it cannot be. */
export function command(name: RuntimeName, file: string): Command | { readonly missing: string } {
  const found = binary(name);
  if (found.path === undefined) return found;
  const path = join(root, file);
  const args: Record<RuntimeName, string[]> = {
    node: ["--import", join(folder, "typescript.mjs"), path],
    node24: ["--disable-warning=ExperimentalWarning", path],
    deno: ["run", "-A", path],
    bun: [path],
  };
  return { program: found.path, args: args[name] };
}

/** Under Deno and Bun `process.execPath` is not Node, so that there the search path decides. */
function systemNode(): Binary {
  const { deno, bun } = process.versions;
  if (deno === undefined && bun === undefined) {
    return { path: process.execPath };
  }
  const { PATH: path = "" } = process.env;
  for (const directory of path.split(delimiter)) {
    const program = join(directory, `node${suffix}`);
    // vitest and Bun put links to other programs in front of the search path.
    if (directory !== "" && !directory.includes("node_modules") && existsSync(program))
      return { path: program };
  }
  return { missing: "node is not on the search path" };
}

function packaged(name: "node24" | "deno" | "bun"): string[] {
  const { platform, arch } = process;
  switch (name) {
    case "node24": {
      const system = windows ? "win" : platform;
      return windows
        ? [`node-${system}-${arch}`, "bin", "node.exe"]
        : [`node-${system}-${arch}`, "bin", "node"];
    }
    case "deno":
      return ["@deno", `${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`, `deno${suffix}`];
    case "bun": {
      const system = windows ? "windows" : platform;
      return ["@oven", `bun-${system}-${arch === "arm64" ? "aarch64" : arch}`, "bin", `bun${suffix}`];
    }
  }
}
