/** Simulated clusters, as a tester of their own programs uses them. */

import { describe, expect, it } from "vitest";
import { Serf, SerfError, SimulatedCluster, simulateCluster } from "../../runtimes/sim/mod.ts";

describe("simulateCluster", () => {
  it("starts and joins nodes that all see each other, more than a node accepts at once too", async () => {
    await using cluster = await simulateCluster(130);
    expect(cluster).toBeInstanceOf(SimulatedCluster);
    expect(cluster.nodes).toHaveLength(130);
    expect(cluster.nodes[0]).toBeInstanceOf(Serf);
    expect(cluster.nodes.map(({ name }) => name)).toEqual(cluster.names);
    for (const node of cluster.nodes)
      expect(node.members().filter(({ status }) => status === "alive")).toHaveLength(130);
  });

  it("does so on a network that loses much", async () => {
    await using cluster = await simulateCluster(20, { network: { latencyMs: [1, 50], loss: 0.3 } });
    expect(await cluster.converge()).toBeGreaterThanOrEqual(0);
  });

  it("takes options for all nodes, or for each", async () => {
    await using same = await simulateCluster(2, { options: { tags: { role: "web" } } });
    expect(same.nodes.map(({ local }) => local.tags)).toEqual([{ role: "web" }, { role: "web" }]);
    await using each = await simulateCluster(2, { options: (index) => ({ tags: { role: `${index}` } }) });
    expect(each.nodes.map(({ local }) => local.tags)).toEqual([{ role: "0" }, { role: "1" }]);
  });

  it("makes nodes that have been joined from the beginning", async () => {
    const events: string[][] = [];
    const program = async (node: Serf, index: number): Promise<void> => {
      const seen: string[] = [];
      events[index] = seen;
      for await (const event of node.events())
        seen.push(
          event.type === "member-join" ? event.members.map(({ name }) => name).join("+") : event.type,
        );
    };
    const options = (index: number) => ({ tags: { index: `${index}` }, snapshotPath: "/data/snapshot" });
    await using cluster = await simulateCluster(4, { joined: true, program, options });
    expect(cluster.world.now).toBeLessThan(1_000);
    expect(
      cluster.nodes.map((node) => node.members().map(({ name, status, tags }) => [name, status, tags])),
    ).toEqual(
      cluster.nodes.map(() =>
        expect.arrayContaining(cluster.names.map((name, index) => [name, "alive", { index: `${index}` }])),
      ),
    );
    await cluster.run(30_000);
    expect(events.map((names) => names.join().split(/[,+]/).sort())).toEqual(
      cluster.nodes.map(() => cluster.names),
    );
    cluster.nodes[3]!.userEvent("deploy");
    await cluster.run(2_000);
    expect(events.map((names) => names.at(-1))).toEqual(["user", "user", "user", "user"]);
    cluster.world.crash("n1");
    await cluster.converge();
    cluster.world.restart("n1");
    await cluster.started();
    await cluster.converge();
    expect(cluster.node("n1").members()).toHaveLength(4);
  });

  it("leaves the nodes alone if asked", async () => {
    await using cluster = await simulateCluster(3, { join: false });
    expect(cluster.nodes.map((node) => node.members().length)).toEqual([1, 1, 1]);
  });

  it("gives each of several hundred nodes an address", { timeout: 60_000 }, async () => {
    await using cluster = await simulateCluster(513, { join: false });
    const hosts = cluster.nodes.map(({ bound }) => bound.host);
    expect([0, 254, 255, 256, 511, 512].map((index) => hosts[index])).toEqual([
      "10.0.0.1",
      "10.0.0.255",
      "10.0.1.0",
      "10.0.1.1",
      "10.0.2.0",
      "10.0.2.1",
    ]);
    expect(new Set(hosts).size).toBe(513);
  });

  it("has the same history for the same seed, which is 1 if there is none", async () => {
    const network = { latencyMs: [1, 10], loss: 0.05 } as const;
    const hashes = [];
    for (const seed of [undefined, 1, 2]) {
      await using cluster = await simulateCluster(5, { ...(seed && { seed }), network });
      await cluster.run(10_000);
      hashes.push(cluster.world.traceHash);
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it("rejects with the error of a node that cannot start, and for a wrong size", async () => {
    const options = { tags: { long: "x".repeat(600) } };
    await expect(simulateCluster(2, { options })).rejects.toThrow(SerfError);
    await expect(simulateCluster(0)).rejects.toThrow("a cluster of 0 nodes: expected 1 to 65536");
  });
});

describe("a simulated cluster", () => {
  it("converges after a crash, and again after the restart, whose new node gets the program too", async () => {
    const started: string[] = [];
    await using cluster = await simulateCluster(5, { program: (node) => void started.push(node.name) });
    const old = cluster.nodes[3];
    cluster.world.crash("n3");
    expect(cluster.running).not.toContain(old);
    expect(await cluster.converge()).toBeGreaterThan(0);
    cluster.world.restart("n3");
    await cluster.join();
    await cluster.converge();
    expect(started).toEqual([...cluster.names, "n3"]);
    expect(cluster.nodes[3]).not.toBe(old);
    expect(cluster.nodes[3]!.members()).toHaveLength(5);
  });

  it.each([
    { what: "leaves", end: async (cluster: SimulatedCluster) => cluster.settle(cluster.node("n3").leave()) },
    { what: "crashes", end: async (cluster: SimulatedCluster) => cluster.world.crash("n3") },
    { what: "runs until then", end: async () => undefined },
  ])("converges after a member that $what moves to another address, and nobody stops", async ({ end }) => {
    const ends: string[] = [];
    const follow = async (node: Serf): Promise<void> => {
      for await (const event of node.events()) if (event.type === "stopped") ends.push(event.reason);
    };
    await using cluster = await simulateCluster(5, { program: (node) => void follow(node) });
    await end(cluster);
    cluster.world.move("n3", "10.0.1.4");
    await cluster.join();
    const elapsed = await cluster.converge();
    expect(elapsed).toBeLessThan(120_000);
    for (const node of cluster.nodes)
      expect(node.members().find(({ name }) => name === "n3")).toMatchObject({ address: "10.0.1.4" });
    expect(ends).toEqual([]);
    // Somebody else may have the old address now.
    cluster.world.move("n4", "10.0.0.4");
    await cluster.join();
    await cluster.converge();
    expect(cluster.node("n0").members()).toHaveLength(5);
    expect(ends).toEqual([]);
  }, 30_000);

  it("refuses to move a host to an address that is taken, and leaves it where it is", async () => {
    await using cluster = await simulateCluster(3);
    expect(() => cluster.world.move("n1", "10.0.0.1")).toThrow('Cannot move host "n1": 10.0.0.1 is taken');
    cluster.world.restart("n1");
    await cluster.join();
    await cluster.converge();
    expect(cluster.node("n1").local.address).toBe("10.0.0.2");
  });

  it("does not expect a node that left", async () => {
    await using cluster = await simulateCluster(3);
    await cluster.settle(cluster.node("n1").leave());
    await cluster.converge();
    expect(cluster.running.map(({ name }) => name)).toEqual(["n0", "n2"]);
  });

  it("names the nodes that do not agree in time", async () => {
    await using cluster = await simulateCluster(3, { seed: 4 });
    cluster.world.network.partition([["n0", "n1"]]);
    await cluster.run(60_000);
    await expect(cluster.converge(1_000)).rejects.toThrow(
      "Seed 4: 3 of 3 running nodes do not see all the others after 1000 ms: n0, n1, n2",
    );
    cluster.world.pause("n2");
  });

  it("ends the event iterators of its nodes when it is disposed", async () => {
    const types: string[] = [];
    {
      await using cluster = await simulateCluster(1, {
        program: async (node) => {
          for await (const { type } of node.events()) types.push(type);
        },
      });
      cluster.nodes[0]!.userEvent("deploy");
    }
    await null;
    expect(types).toEqual(["member-join", "user", "stopped"]);
  });
});
