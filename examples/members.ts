/**
 * Joins a cluster and prints what happens to its members. When interrupted, it leaves.
 *
 *   members.ts [name] [host:port to listen on] [host:port of a member to join] ...
 */

import { Serf } from "tserf";

const [name = "example", bind = "127.0.0.1:7946", ...seeds] = process.argv.slice(2);

await using serf = await Serf.start({ name, bind, profile: "local", tags: { role: "example" } });
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort());

// Subscribed before the join, so that no member is missed.
const events = serf.events({ signal: interrupted.signal });
if (seeds.length > 0) await serf.join(seeds);
console.log(`${serf.name} listens on ${serf.bound.host}:${serf.bound.port}`);

for await (const event of events) {
  switch (event.type) {
    case "lagged":
      console.log(`${event.count} events were missed`);
      break;
    case "stopped":
      console.log(`stopped: ${event.reason}`);
      break;
    case "user":
      console.log(`user event ${event.name}`);
      break;
    case "query":
      console.log(`query ${event.name}`);
      break;
    default:
      for (const member of event.members) {
        console.log(`${event.type} ${member.name} ${member.address}:${member.port}`);
      }
  }
}
console.log(`${serf.name} leaves`);
