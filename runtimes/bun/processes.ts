/** Child processes: Bun implements `node:child_process`, so Node's adapter works on Bun, except for pipes. */
import type { Processes } from "../../src/runtime.ts";
import { nodeProcesses } from "../node/processes.ts";

/** Starts child processes through `node:child_process`. */
export const processes: Processes = nodeProcesses(async () => (await import("./pipes.ts")).polledAccess);
