/** Files: Bun's own way is `node:fs`, so that Node's adapter is Bun's. */
export { files } from "../node/files.ts";
