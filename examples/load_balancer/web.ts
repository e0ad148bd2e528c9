/**
 * A web server that is a member of the cluster itself: it joins when it can serve, and leaves before it stops.
 *
 *   web.ts NAME ADDRESS SEED...
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Serf } from "tserf";

const [name = "web", address = "127.0.0.1", ...seeds] = process.argv.slice(2);
const port = 8080;
/** Longer than a balancer takes to learn of a leave: its agent coalesces changes for up to 3 s. */
const drainMs = 5_000;

const server = createServer((_request, response) => response.end(`${name}\n`)).listen(port, address);
await once(server, "listening");

const serf = await Serf.start({
  name,
  bind: `${address}:7946`,
  tags: { role: "web", port: `${port}` },
  retryJoin: { seeds, intervalMs: 1_000 },
});

await once(process, "SIGTERM");
await serf.leave();
await sleep(drainMs);
await serf.shutdown();
server.close();
