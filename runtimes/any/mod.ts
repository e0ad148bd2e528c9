/**
 * The package for registries that cannot choose an entry by runtime: it detects the runtime, and
 * loads its adapter when the first node starts.
 */
import type { Runtime } from "../../src/runtime.ts";
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";

/** Returns the {@link Runtime} of Deno, Bun or Node, whichever runs this program. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("../deno/runtime.ts")).denoRuntime();
  if ("Bun" in globalThis) return (await import("../bun/runtime.ts")).bunRuntime();
  return (await import("../node/runtime.ts")).nodeRuntime();
}

export * from "../../src/mod.ts";

/** A node: a member of a cluster, in this process. */
export type Serf = Shell;

/** Starts nodes, on this runtime or on another one, for example that of a simulated host. */
export const Serf: SerfStarter = starter(currentRuntime);
