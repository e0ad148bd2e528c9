/** The package on Deno. */
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";
import { denoRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { denoRuntime };

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: SerfStarter = starter(denoRuntime);
