/**
 * What the manifests say: versions, dependencies, entry points.
 */

import { posix } from "node:path";
import { paths, read } from "./sources.ts";

/** What is looked at in a `deno.json`. */
export interface DenoJson {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
}

/** What is looked at in `package.json`. */
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

/** Files that are known outside: programs and exported modules. */
export function entryPoints(): string[] {
  const exported = Object.values(denoJson().exports).map((path) => posix.normalize(path));
  // The package of npm chooses these by runtime.
  return [...paths("runtimes", "/cli.ts"), ...paths("runtimes", "/rpc.ts"), ...exported];
}
