/** Child processes: Bun implements `node:child_process`, so Node's adapter works on Bun. */
export { processes } from "../node/processes.ts";
