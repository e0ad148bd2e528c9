/**
 * As much of a Redis client as a cache needs: one command per connection. A real program keeps its
 * connections open, with the package `redis`.
 */

import { connect } from "node:net";

/** A server that sends nothing for so long counts as dead. */
const silenceMs = 1_000;

/**
 * Sends a command. Resolves to the reply, or `null` if there is no value; rejects if the server
 * does not reply or returns an error.
 */
export async function redis(host: string, port: number, ...words: readonly string[]): Promise<string | null> {
  const socket = connect({ host, port });
  socket.setTimeout(silenceMs, () => socket.destroy(new Error(`${host}:${port} does not answer`)));
  socket.write(encode(words) + encode(["QUIT"]));
  const chunks: Uint8Array[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const reply = Buffer.concat(chunks).toString();
  if (!reply.endsWith(goodbye)) throw new Error(`${host}:${port} broke off`);
  const [first = "", ...rest] = reply.slice(0, -goodbye.length).slice(0, -2).split("\r\n");
  if (first.startsWith("-")) throw new Error(`${host}:${port}: ${first.slice(1)}`);
  if (!first.startsWith("$")) return first.slice(1);
  return first === "$-1" ? null : rest.join("\r\n");
}

/** The reply to QUIT, after which the server closes the connection. */
const goodbye = "+OK\r\n";

/** A list of strings, each after its length. */
function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
