/**
 * Answers requests over TCP with bytes that are ready, through the runtime's own sockets and nothing else: what
 * a server of this runtime could reach at best. `bench:rpc` starts it like an agent, with the first answer, the
 * others, and the length of a request in the environment.
 */

import process from "node:process";

const flag = process.argv.find((argument) => argument.startsWith("-rpc-addr="));
const [hostname, portText] = flag.slice("-rpc-addr=".length).split(":");
const port = Number(portText);
const [hello, reply] = [process.env.TSERF_HELLO, process.env.TSERF_REPLY].map((text) =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
);
const requestSize = Number(process.env.TSERF_REQUEST_SIZE);

/** Returns what has to be sent after so many further bytes; the first piece is the handshake. */
function answerer() {
  let isNew = true;
  let waiting = 0;
  return (size) => {
    if (isNew) {
      isNew = false;
      return hello;
    }
    waiting += size;
    const count = Math.floor(waiting / requestSize);
    waiting -= count * requestSize;
    if (count === 1) return reply;
    const joined = new Uint8Array(count * reply.length);
    for (let index = 0; index < count; index++) joined.set(reply, index * reply.length);
    return joined;
  };
}

if ("Bun" in globalThis) {
  globalThis.Bun.listen({
    hostname,
    port,
    socket: {
      open: (socket) => {
        socket.data = answerer();
        socket.setNoDelay(true);
      },
      data: (socket, bytes) => {
        socket.write(socket.data(bytes.length));
      },
    },
  });
} else if ("Deno" in globalThis) {
  for await (const connection of globalThis.Deno.listen({ hostname, port })) void serve(connection);
} else {
  const { createServer } = await import("node:net");
  createServer({ noDelay: true }, (socket) => {
    const answer = answerer();
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => socket.write(answer(bytes.length)));
  }).listen(port, hostname);
}

async function serve(connection) {
  connection.setNoDelay(true);
  const answer = answerer();
  const bytes = new Uint8Array(65_536);
  for (let size = await connection.read(bytes); size !== null; size = await connection.read(bytes)) {
    const all = answer(size);
    for (let sent = 0; sent < all.length; ) sent += await connection.write(all.subarray(sent));
  }
}
