/** Child processes: Bun's own way is `node:child_process`, so that Node's adapter is Bun's but for pipes. */
import type { Processes } from "../../src/runtime.ts";
import { nodeProcesses } from "../node/processes.ts";

/** Child processes of Bun. */
export const processes: Processes = nodeProcesses(async () => (await import("./pipes.ts")).polledAccess);
