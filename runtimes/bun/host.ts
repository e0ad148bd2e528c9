/**
 * Time, randomness, signals, the terminal and the host: Bun implements Node's modules, so Node's
 * adapter works on Bun.
 */
export { clock, nodeHost, nodeTerminal, signals, WebRandom } from "../node/host.ts";
