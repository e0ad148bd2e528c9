/** Consumers of events that stall: the node goes on, and tells them afterwards how much they lost. */

import { describe, expect, it } from "vitest";
import { playScript, randomScript, type Serf, type Step, simulateCluster } from "../../runtimes/sim/mod.ts";

/** How many events a node keeps for a consumer here. */
const capacity = 16;

/** Consumers that keep what they took, by the index of their node. */
function readers(): { readonly taken: string[][]; readonly program: (node: Serf, index: number) => void } {
  const taken: string[][] = [];
  const program = async (node: Serf, index: number): Promise<void> => {
    const own: string[] = [];
    taken[index] = own;
    for await (const event of node.events({ capacity })) {
      if (event.type === "user") own.push(event.name);
      else if (event.type === "lagged") own.push(`lost ${event.count}`);
      else if (event.type === "query") {
        try {
          event.respond("answer");
        } catch (error) {
          own.push((error as { code: string }).code);
        }
      }
    }
  };
  return { taken, program: (node, index) => void program(node, index) };
}

describe("a consumer that stalls", () => {
  it("gets what was kept for it later, with the number of those that it lost", async () => {
    const { taken, program } = readers();
    await using cluster = await simulateCluster(4, { program });
    cluster.world.stall("n2");
    const names = Array.from({ length: 40 }, (_, index) => `e${index}`);
    for (const name of names) {
      cluster.node("n1").userEvent(name, "", { coalesce: false });
      await cluster.run(200);
    }
    await cluster.run(10_000);
    // The event that it took when it was stalled is in its hands, the last ones in the queue.
    expect(taken[2]).toEqual([]);
    for (const index of [0, 1, 3]) expect(taken[index]).toEqual(names);
    expect(await cluster.converge()).toBe(0);
    cluster.world.release("n2");
    await cluster.run(1);
    expect(taken[2]).toEqual(["e0", `lost ${40 - 1 - capacity}`, ...names.slice(-capacity)]);
    const { waits, lost } = cluster.world.consumers("n2");
    expect([waits > 0, lost]).toEqual([true, 40 - 1 - capacity]);
    expect(cluster.world.consumers("n1")).toMatchObject({ waits: 0, lost: 0 });
  });

  it("answers no query in time, which the others do", async () => {
    const { taken, program } = readers();
    await using cluster = await simulateCluster(3, { program });
    const ask = async (): Promise<string[]> => {
      const from: string[] = [];
      for await (const reply of cluster.node("n0").query("load", "", { timeoutMs: 2_000 }))
        if (reply.type === "response") from.push(reply.from);
      return from.sort();
    };
    cluster.world.stall("n2");
    expect(await cluster.settle(ask())).toEqual(["n0", "n1"]);
    await cluster.run(5_000);
    cluster.world.release("n2");
    await cluster.run(1);
    expect(taken[2]).toEqual(["ERR_TIMEOUT"]);
    expect(await cluster.settle(ask())).toEqual(["n0", "n1", "n2"]);
  });

  it("is a new one after a restart, and ends with its node", async () => {
    const { taken, program } = readers();
    {
      await using cluster = await simulateCluster(3, { program });
      cluster.world.stall("n1");
      cluster.world.stall("n2");
      cluster.world.restart("n2");
      await cluster.join();
      await cluster.converge();
      cluster.node("n0").userEvent("deploy");
      await cluster.run(5_000);
      expect([taken[1], taken[2]]).toEqual([[], ["deploy"]]);
    }
    // When the cluster ends, whoever is still stalled takes what was kept.
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(taken[1]).toEqual(["deploy"]);
  });

  it("can be a step of a script, and one of those that are drawn", async () => {
    const { program } = readers();
    await using cluster = await simulateCluster(5, { program, network: { latencyMs: [1, 5] } });
    const { names, world } = cluster;
    const drawn = randomScript({ seed: 3, hosts: names, durationMs: 60_000, count: 20, stalls: true });
    const stalls = drawn.filter((step) => step.do === "stall");
    expect(stalls.length).toBeGreaterThan(0);
    const calls: string[] = [];
    const { stall } = world;
    world.stall = (name) => {
      calls.push(name);
      stall.call(world, name);
    };
    playScript(world, drawn);
    let waits = 0;
    for (let second = 0; second < 60; second += 1) {
      world.at(0, () => cluster.running[0]?.userEvent(`s${second}`, "", { coalesce: false }));
      await cluster.run(1_000);
      waits = Math.max(waits, ...names.map((name) => world.consumers(name).waits));
    }
    await cluster.run(1_000);
    expect(calls).toEqual(stalls.map((step) => (step as Extract<Step, { host: string }>).host));
    expect(waits).toBeGreaterThan(0);
    await cluster.join();
    await cluster.converge();
  });
});
