/**
 * Listens at syslog's socket and prints every datagram as a line of JSON. Runs on Deno with
 * `--unstable-net`, the only runtime with sockets of this kind.
 */

/** The part of Deno's API that is used here. */
interface DatagramApi {
  readonly args: readonly string[];
  listenDatagram(options: { transport: "unixpacket"; path: string }): AsyncIterable<readonly [Uint8Array]>;
}

const { Deno } = globalThis as unknown as { Deno: DatagramApi };
const socket = Deno.listenDatagram({ transport: "unixpacket", path: Deno.args[0]! });
console.log(JSON.stringify("listening"));
for await (const [bytes] of socket) console.log(JSON.stringify(new TextDecoder().decode(bytes)));
