/** Files: Bun implements `node:fs`, so Node's adapter works on Bun. */
export { files } from "../node/files.ts";
