/** Multicast DNS: the library uses Node's sockets, which Deno implements. */
export { multicast } from "../node/multicast.ts";
