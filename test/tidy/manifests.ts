/** The manifests: versions, dependencies, entry points. */

import { posix } from "node:path";
import { paths, read } from "./sources.ts";

/** The fields of a `deno.json` that rules read. */
export interface DenoJson {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** The fields of `package.json` that rules read. */
export interface PackageJson {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Reads `deno.json`, or the one of the Deno programs. */
export function denoJson(path: "deno.json" | "runtimes/deno/deno.json" = "deno.json"): DenoJson {
  return JSON.parse(read(path)) as DenoJson;
}

/** Reads `package.json`. */
export function packageJson(): PackageJson {
  return JSON.parse(read("package.json")) as PackageJson;
}

/** Files that are used outside: programs and exported modules. */
export function entryPoints(): string[] {
  const exported = Object.values(denoJson().exports).map((path) => posix.normalize(path));
  // The package of npm chooses the first two by runtime; `tools/page.mjs` builds the page.
  return [
    ...paths("runtimes", "/cli.ts"),
    ...paths("runtimes", "/rpc.ts"),
    ...paths("runtimes", "/agent.ts"),
    "runtimes/sim/page/main.ts",
    ...exported,
  ];
}
