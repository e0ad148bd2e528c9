/** Time, randomness, signals, the terminal and the host: Bun has Node's modules for them, so that Node's adapter is Bun's. */
export { clock, nodeHost, nodeTerminal, signals, WebRandom } from "../node/host.ts";
