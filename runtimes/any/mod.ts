/**
 * The package where the registry cannot choose by runtime: the adapter of the runtime that it finds itself on is loaded when the first node
 * starts.
 */
import type { Runtime } from "../../src/runtime.ts";
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";

/** The Runtime of whatever runs this program. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("../deno/runtime.ts")).denoRuntime();
  if ("Bun" in globalThis) return (await import("../bun/runtime.ts")).bunRuntime();
  return (await import("../node/runtime.ts")).nodeRuntime();
}

export * from "../../src/mod.ts";

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: SerfStarter = starter(currentRuntime);
