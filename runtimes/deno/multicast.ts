/** Multicast DNS: the library runs on Node's sockets, which are here as well. */
export { multicast } from "../node/multicast.ts";
