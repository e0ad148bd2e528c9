import { describe, expect, it } from "vitest";
import { World } from "../../runtimes/sim/mod.ts";
import type { Runtime } from "../../src/runtime.ts";
import { Serf } from "../../src/shell/serf.ts";

/** Starts a node with an advertised address on a simulated machine. */
async function start(advertise: string): Promise<Serf> {
  const world = new World({ seed: 1 });
  let runtime: Runtime | undefined;
  world.addHost("a", "10.0.0.1", { program: (started) => (runtime = started) });
  await world.run(10);
  return await world.settle(Serf.start({ name: "a", bind: "10.0.0.1:7946", advertise }, runtime!));
}

describe("a node", () => {
  it.each([
    ["0.0.0.0", "Cannot advertise 0.0.0.0:7946: the address is unspecified"],
    ["[::]:7946", "Cannot advertise [::]:7946: the address is unspecified"],
    ["224.0.0.1", "Cannot advertise 224.0.0.1:7946: the address is multicast or reserved"],
    ["10.0.0.1:0", "Cannot advertise 10.0.0.1:0: the port is 0"],
  ])("does not start with the address %s, which every other member would refuse", async (advertise, message) => {
    await expect(start(advertise)).rejects.toMatchObject({ code: "ERR_ADDRESS", message });
  });

  it("starts with an address at which others may reach it", async () => {
    expect((await start("192.0.2.7:7000")).local).toMatchObject({ address: "192.0.2.7", port: 7000 });
  });
});
