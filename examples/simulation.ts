/**
 * A cluster in a simulated world: the network is cut in two, each side declares the other failed,
 * and after it heals all nodes are one cluster again. Virtual minutes take less than a second, and
 * the same seed prints the same lines on every runtime.
 */

import { type Runtime, Serf } from "tserf";
import { World } from "tserf/sim";

const world = new World({ seed: 7, network: { latencyMs: [1, 10], loss: 0.02 } });
const nodes = new Map<string, Serf>();

/** What runs on every host: the same calls as in a real program. */
async function live(name: string, address: string, runtime: Runtime): Promise<void> {
  const serf = await Serf.start({ name, bind: `${address}:7946`, reconnectIntervalMs: 10_000 }, runtime);
  nodes.set(name, serf);
  for await (const event of serf.events()) {
    if (!("members" in event)) continue;
    const seconds = Math.round(world.now / 1000);
    console.log(`${seconds} s: ${name} sees ${event.type} ${event.members.map((member) => member.name)}`);
  }
}

for (const [index, name] of ["ant", "bee", "cow", "dog"].entries()) {
  const address = `10.0.0.${index + 1}`;
  world.addHost(name, address, { program: (runtime) => void live(name, address, runtime) });
}

await world.run(1000);
for (const [name, serf] of nodes) if (name !== "ant") await world.settle(serf.join(["10.0.0.1"]));
await world.run(10_000);

console.log("the network is cut: ant and bee here, cow and dog there");
world.network.partition([["ant", "bee"]]);
await world.run(60_000);

console.log("the network heals");
world.network.heal();
await world.run(120_000);

for (const [name, serf] of nodes) {
  const views = serf.members().map((member) => `${member.name} ${member.status}`);
  console.log(`${name} knows ${views.sort().join(", ")}`);
}
