/** The package on Node. */
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";
import { nodeRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { nodeRuntime };

/** A member of a cluster. */
export type Serf = Shell;

/** Starts members of a cluster, on this runtime or on one that is given: a simulated host's, for example. */
export const Serf: SerfStarter = starter(nodeRuntime);
