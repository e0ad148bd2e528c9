/** Multicast DNS: the library uses Node's sockets, which Bun implements. */
export { multicast } from "../node/multicast.ts";
