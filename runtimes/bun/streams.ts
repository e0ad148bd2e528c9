/** TCP: Bun's own way is `node:net`, so that Node's adapter is Bun's. */
export { streams } from "../node/streams.ts";
