/**
 * A cache over HTTP whose values are in the Redis servers of the cluster: PUT and GET of /KEY go to the key's owner on the ring of all
 * members with the tag role=cache. GET / lists the ring.
 *
 *   front.ts ADDRESS SEED...
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Member, Serf } from "tserf";
import { redis } from "./redis.ts";
import { Ring } from "./ring.ts";

const [address = "127.0.0.1", ...seeds] = process.argv.slice(2);
const serf = await Serf.start({ name: "front", bind: `${address}:7946` });
let ring = new Ring<Member>([]);

/** Rebuilds the ring from the members that are alive now, whatever the event was. */
function update(): void {
  ring = new Ring(
    serf.members().filter(({ status, tags }) => status === "alive" && tags["role"] === "cache"),
  );
}

/**
 * Sends a command to the owner of a key. If the owner died a moment ago and is still on the ring,
 * the command goes to the next node, which owns the key as soon as the ring is rebuilt.
 */
async function ask(key: string, ...words: readonly string[]): Promise<{ by: string; reply: string | null }> {
  for (const { name, address: host, tags } of ring.owners(key)) {
    try {
      return { by: name, reply: await redis(host, Number(tags["port"]), ...words) };
    } catch (error) {
      console.error(`${name}: ${(error as Error).message}`);
    }
  }
  throw new Error("no cache answers");
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = "/" } = request;
  const key = url.slice(1);
  if (key === "") {
    response.end(`${ring.nodes.map(({ name }) => name).join("\n")}\n`);
    return;
  }
  if (method === "PUT") {
    const { by } = await ask(key, "SET", key, await text(request));
    response.writeHead(204, { "x-cache": by }).end();
  } else {
    const { by, reply } = await ask(key, "GET", key);
    response.writeHead(reply === null ? 404 : 200, { "x-cache": by }).end(reply ?? "");
  }
}

const server = createServer((request, response) => {
  serve(request, response).catch((error: Error) => response.writeHead(503).end(`${error.message}\n`));
}).listen(8080, address);

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
const events = serf.events({ signal: stopping.signal });
while ((await serf.join(seeds).catch(() => 0)) === 0) await sleep(1_000);
for await (const _event of events) update();

server.close();
await serf.leave();
await serf.shutdown();
