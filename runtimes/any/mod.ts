/**
 * The package where the registry cannot choose by runtime: the adapter of the runtime that it finds itself on is loaded when the first node
 * starts.
 */
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";
import { currentRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { currentRuntime };

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: SerfStarter = starter(currentRuntime);
