/**
 * Shows over HTTP which worker has the least load. It is itself a member of the cluster and sends a
 * query for every request.
 *
 *   dispatcher.ts ADDRESS SEED...
 */

import { once } from "node:events";
import { createServer } from "node:http";
import { Serf } from "tserf";

const [address = "127.0.0.1", ...seeds] = process.argv.slice(2);
const serf = await Serf.start({
  name: "dispatcher",
  bind: `${address}:7946`,
  retryJoin: { seeds, intervalMs: 1_000 },
});

/** Load of the last minute of each worker that replies in time, the lowest first. */
async function loads(): Promise<{ readonly name: string; readonly load: number }[]> {
  const answers: { name: string; load: number }[] = [];
  // Ends as soon as all have replied.
  for await (const reply of serf.query("load", "", { tags: { role: "^worker$" }, timeoutMs: 2_000 })) {
    const load = Number.parseFloat(new TextDecoder().decode(reply.payload));
    if (Number.isFinite(load)) answers.push({ name: reply.from, load });
  }
  return answers.sort((a, b) => a.load - b.load);
}

const server = createServer(async (_request, response) => {
  const [least] = await loads();
  const worker = serf.members().find(({ name }) => name === least?.name);
  if (worker === undefined) response.writeHead(503).end("no worker answers\n");
  else response.end(`${worker.name} ${worker.address} ${least?.load}\n`);
}).listen(8080, address);

await once(process, "SIGTERM");
server.close();
await serf.leave();
await serf.shutdown();
