/** The package on Bun. */
import type { Serf as Shell } from "../../src/shell/serf.ts";
import { type SerfStarter, starter } from "../../src/shell/start.ts";
import { bunRuntime } from "./runtime.ts";

export * from "../../src/mod.ts";
export { bunRuntime };

/** A node: a member of a cluster, in this process. */
export type Serf = Shell;

/** Starts nodes, on Bun or on another runtime, for example that of a simulated host. */
export const Serf: SerfStarter = starter(bunRuntime);
