/**
 * Finds the runtimes that tests start programs on. Node is the one that is installed on the machine
 * and runs the tests. The others are platform packages of the private package beside this file,
 * installed by `npm run runtimes`.
 */
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A runtime that the suite runs on. `node` is the oldest supported one, `node24` a newer one. */
export type RuntimeName = "node" | "node24" | "deno" | "bun";

/** All of them, in the order of results. */
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
  const { packageName, program } = packaged(name);
  const path = join(folder, "node_modules", packageName, program);
  const wanted = manifest(folder).optionalDependencies?.[packageName];
  if (wanted === undefined) return { missing: `${packageName} is not among the packages of test/runtimes` };
  if (!existsSync(path)) return { missing: `${packageName} ${wanted} is not installed in test/runtimes` };
  const { version } = manifest(join(folder, "node_modules", packageName));
  return version === wanted
    ? { path }
    : { missing: `${packageName} is installed in test/runtimes as ${version}, not ${wanted}` };
}

/** What keeps the memory of Deno and of Bun small when strangers cause garbage. */
export const smallHeap: Readonly<Record<"deno" | "bun", string>> = {
  deno: "--v8-flags=--max-semi-space-size=2,--heap-growing-percent=20",
  bun: "BUN_JSC_forceRAMSize=50000000",
};

/** How to run a TypeScript file of this repository on a runtime, whose binary is `program`. */
export function commandFor(name: RuntimeName, program: string, file: string): Command {
  const path = join(root, file);
  const args: Record<RuntimeName, string[]> = {
    node: ["--import", join(folder, "typescript.mjs"), path],
    node24: ["--disable-warning=ExperimentalWarning", path],
    // As the README starts it, with the packages that npm installed: Deno's own cache may need a network.
    deno: ["run", "-A", smallHeap.deno, "--node-modules-dir=manual", path],
    bun: [path],
  };
  return name === "bun" && !windows
    ? { program: "env", args: [smallHeap.bun, program, ...args.bun] }
    : { program, args: args[name] };
}

/** Under Deno and Bun `process.execPath` is not Node, so the search path is used there. */
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

/** The package of a runtime for this platform, and the program in it. */
function packaged(name: "node24" | "deno" | "bun"): { packageName: string; program: string } {
  const { platform, arch } = process;
  switch (name) {
    case "node24":
      return {
        packageName: `node-${windows ? "win" : platform}-${arch}`,
        program: join("bin", `node${suffix}`),
      };
    case "deno": {
      const library = platform === "linux" ? "-glibc" : "";
      return { packageName: `@deno/${platform}-${arch}${library}`, program: `deno${suffix}` };
    }
    case "bun": {
      const machine = arch === "arm64" ? "aarch64" : arch;
      return {
        packageName: `@oven/bun-${windows ? "windows" : platform}-${machine}`,
        program: join("bin", `bun${suffix}`),
      };
    }
  }
}

interface Manifest {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}
