/** TCP and unix domain sockets: Bun implements `node:net`, so Node's adapter works on Bun. */
export { streams } from "../node/streams.ts";
