/** The package on Node. */
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";
import { nodeRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { nodeRuntime };

/** A node: a member of a cluster, in this process. */
export type Serf = Shell;

/** Starts nodes, on Node or on another runtime, for example that of a simulated host. */
export const Serf: SerfStarter = starter(nodeRuntime);
