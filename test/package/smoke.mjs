/**
 * What a program does with the package, on whatever runtime it is started: two nodes, a join, an event, a query, a leave, and the client of
 * agents. It prints one line for each. Its argument is the address of an agent's RPC, if there is one.
 */
import { Serf, SerfError } from "tserf";
import { RpcClient } from "tserf/rpc";

const text = (bytes) => new TextDecoder().decode(bytes);
const one = await Serf.start({ name: "one", bind: "127.0.0.1:0", profile: "local" });
const two = await Serf.start({ name: "two", bind: "127.0.0.1:0", profile: "local", tags: { role: "web" } });
const events = two.events();
await two.join([`127.0.0.1:${one.local.port}`]);
while (two.members().length < 2 || one.members().length < 2)
  await new Promise((done) => setTimeout(done, 10));
const list = one.members().map(({ name, status }) => `${name} ${status}`);
console.log("members", list.sort().join(", "));

one.userEvent("deploy", "v2");
let query;
for await (const event of events) {
  if (event.type === "user") {
    console.log("event", event.name, text(event.payload));
    // A pattern needs the engine of patterns, which is loaded when it is used.
    query = one.query("load", "now", { tags: { role: "^w.b$" } });
  }
  if (event.type === "query") {
    event.respond(`0.7 ${text(event.payload)}`);
    break;
  }
}
for await (const reply of query) console.log(reply.type, reply.from, text(reply.payload));

const fault = await Serf.start({ name: "three", bind: "nowhere:port" }).catch((error) => error);
console.log("error", fault instanceof SerfError, fault.code);

const [address] = globalThis.Deno === undefined ? process.argv.slice(2) : Deno.args;
if (address !== undefined) {
  const client = await RpcClient.connect({ address });
  const members = await client.members();
  console.log("agent", members.map(({ name }) => name).join());
  await client.close();
}

await two.leave();
await two.shutdown();
await one.shutdown();
console.log("states", one.state, two.state);
