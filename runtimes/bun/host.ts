/**
 * Time, randomness, signals and the host: Bun implements Node's modules, so Node's adapter works on
 * Bun.
 */
export { clock, nodeHost, signals, WebRandom } from "../node/host.ts";
