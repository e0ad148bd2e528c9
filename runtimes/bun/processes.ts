/** Child processes: Bun's own way is `node:child_process`, so that Node's adapter is Bun's. */
export { processes } from "../node/processes.ts";
