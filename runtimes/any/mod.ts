/**
 * The package where the registry cannot choose by runtime: the adapter of the runtime that it finds itself on is loaded when the first node
 * starts.
 */
import type { SerfOptions } from "../../src/options.ts";
import type { Runtime } from "../../src/runtime.ts";
import { Serf as Shell } from "../../src/serf.ts";

/** The Runtime of whatever runs this program. */
export async function currentRuntime(): Promise<Runtime> {
  if ("Deno" in globalThis) return (await import("../deno/mod.ts")).denoRuntime();
  if ("Bun" in globalThis) return (await import("../bun/mod.ts")).bunRuntime();
  return (await import("../node/mod.ts")).nodeRuntime();
}

export * from "../../src/mod.ts";

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: { start(options?: SerfOptions, runtime?: Runtime): Promise<Serf> } = {
  /**
   * Starts a node: binds UDP and TCP and announces itself. Fails with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS,
   * ERR_BIND); then nothing stays open.
   */
  start: async (options = {}, runtime) => Shell.start(options, runtime ?? (await currentRuntime())),
};
