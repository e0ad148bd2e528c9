/** Waiting for simulated time outside of `run` and `settle`: an error instead of a test that hangs. */

import { describe, expect, it } from "vitest";
import { simulateCluster, World } from "../../runtimes/sim/mod.ts";
import type { Connection, Runtime } from "../../src/runtime.ts";
import { Serf } from "../../src/shell/serf.ts";

const remedy = /stands still.*await world\.settle\(Serf\.start\(options, runtime\)\)/;
const limit = { timeout: 4_000 };
const handler = { packet: () => {}, sendFailed: () => {} };

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.concurrent("while virtual time stands still", () => {
  it.each([
    ["of a port", { bind: "10.0.0.1:7946" }],
    ["of any port", { bind: "10.0.0.1:0" }],
    ["with a snapshot", { bind: "10.0.0.1:7946", snapshotPath: "/data/snapshot" }],
    ["with a keyring", { bind: "10.0.0.1:7946", keyringFile: "/data/keyring" }],
  ] as const)(
    "the start of a node %s rejects with the fault and the remedy, and can be repeated",
    limit,
    async (_, options) => {
      const world = new World({ seed: 1 });
      const runtime = world.addHost("a", "10.0.0.1");
      world
        .disk("a")
        .replace(
          "/data/keyring",
          new TextEncoder().encode('["HvY8ubRZMgafUOWvrOadwOckVa1wN3QWAo46FVKbVN8="]'),
          0o600,
        );
      await expect(Serf.start({ name: "a", ...options }, runtime)).rejects.toThrow(remedy);
      const serf = await world.settle(Serf.start({ name: "a", ...options }, runtime));
      await world.settle(serf.shutdown());
    },
  );

  it("so do a join and a shutdown", limit, async () => {
    const world = new World({ seed: 1 });
    const [a, b] = await Promise.all(
      ["10.0.0.1", "10.0.0.2"].map((address) =>
        world.settle(Serf.start({ name: address, bind: `${address}:7946` }, world.addHost(address, address))),
      ),
    );
    await expect(a!.join([b!.name])).rejects.toThrow(remedy);
    await expect(b!.shutdown()).rejects.toThrow(remedy);
  });

  it.each<[string, (serf: Serf) => Promise<unknown>]>([
    ["leave", (serf) => serf.leave()],
    ["a change of tags", (serf) => serf.setTags({ role: "web" })],
    ["the removal of a failed member", (serf) => serf.removeFailedNode("n2", { prune: true })],
    ["a loop over the replies to a query", (serf) => serf.query("q", "", { waitForDeadline: true }).next()],
    ["the end of a query", (serf) => serf.query("q").done],
    ["a change of keys", (serf) => serf.keys.list()],
    ["the end of an await using", (serf) => serf[Symbol.asyncDispose]()],
  ])("so does %s, which goes on with time", limit, async (_, wait) => {
    const cluster = await simulateCluster(3, { options: { encryptKey: "cg8StVXbQJ0gPvMd9o7yrg==" } });
    const [a] = cluster.nodes as [Serf];
    cluster.world.crash("n2");
    await cluster.run(60_000);
    await expect(wait(a)).rejects.toThrow(remedy);
    await cluster.run(10_000);
    await cluster.settle(a.shutdown());
  });

  it("a leave that was waited for outside goes on, and can be waited for", limit, async () => {
    const cluster = await simulateCluster(2);
    const [a] = cluster.nodes as [Serf];
    await expect(a.leave()).rejects.toThrow(remedy);
    await cluster.settle(a[Symbol.asyncDispose]());
    expect(a.state).toBe("shutdown");
    await cluster.run(10_000);
    expect(
      cluster
        .node("n1")
        .members()
        .map(({ status }) => status)
        .sort(),
    ).toEqual(["alive", "left"]);
  });

  it.each<[string, (runtime: Runtime) => Promise<unknown>]>([
    ["bind", (runtime) => runtime.datagrams.bind({ host: "", port: 1 }, handler)],
    ["listen", (runtime) => runtime.streams.listen({ host: "", port: 1 }, () => {})],
    ["listen at a path", (runtime) => runtime.streams.listenLocal("/tmp/a", 0o600, () => {})],
    ["connect", (runtime) => runtime.streams.connect({ host: "10.0.0.1", port: 1 })],
    ["read a file", (runtime) => runtime.files.read("/data/a")],
    ["resolve a name", (runtime) => runtime.host.resolve("a")],
  ])("nobody can %s", limit, async (_, begin) => {
    const world = new World({ seed: 1 });
    await expect(begin(world.addHost("a", "10.0.0.1"))).rejects.toThrow(remedy);
  });

  it("nobody can read from a connection", limit, async () => {
    const world = new World({ seed: 1 });
    const runtime = world.addHost("a", "10.0.0.1");
    await world.settle(runtime.streams.listen({ host: "", port: 1 }, () => {}));
    const connection = await world.settle(runtime.streams.connect({ host: "10.0.0.1", port: 1 }));
    await expect(connection.read()).rejects.toThrow(remedy);
    connection.close();
  });
});

describe.concurrent("there is no error", () => {
  /** Rejects if a promise rejects while this process does something else for a while. */
  async function staysPending(promise: Promise<unknown>): Promise<void> {
    await Promise.race([promise, sleep(1_500)]);
  }

  it("for what a program waits for from its own start on", limit, async () => {
    const world = new World({ seed: 1 });
    const started: Promise<Serf>[] = [];
    const program = (runtime: Runtime): void => {
      started.push(Serf.start({ name: "a", bind: "10.0.0.1:7946" }, runtime));
    };
    world.addHost("a", "10.0.0.1", { program });
    await staysPending(started[0]!);
    await world.run(10);
    world.restart("a");
    await staysPending(started[1]!);
    expect((await world.settle(started[1]!)).name).toBe("a");
  });

  it("for what was begun while time moved", limit, async () => {
    const world = new World({ seed: 1 });
    const runtime = world.addHost("a", "10.0.0.1");
    const accepted: Connection[] = [];
    await world.settle(runtime.streams.listen({ host: "", port: 1 }, (peer) => accepted.push(peer)));
    const read = runtime.streams.connect({ host: "10.0.0.1", port: 1 }).then((near) => near.read());
    await world.run(10);
    await staysPending(read);
    await accepted[0]!.write(Uint8Array.of(7));
    expect(await world.settle(read)).toEqual(Uint8Array.of(7));
  });

  it("for what was begun just before time moved, or while this process was held up", limit, async () => {
    const world = new World({ seed: 1 });
    const runtime = world.addHost("a", "10.0.0.1");
    const starting = Serf.start({ name: "a", bind: "10.0.0.1:7946" }, runtime);
    const end = Date.now() + 1_500;
    while (Date.now() < end);
    await sleep(200);
    expect((await world.settle(starting)).name).toBe("a");
  });

  it("for what programs do about events of a time that has passed", limit, async () => {
    const errors: unknown[] = [];
    const cluster = await simulateCluster(2, {
      program: async (node) => {
        try {
          for await (const event of node.events())
            if (event.type === "user") await node.setTags({ seen: event.name });
        } catch (error) {
          errors.push(error);
        }
      },
    });
    cluster.nodes[0]!.userEvent("deploy");
    await cluster.run(5_000);
    await sleep(1_500);
    await cluster.run(5_000);
    expect(errors).toEqual([]);
    expect(cluster.nodes.map(({ local }) => local.tags)).toEqual([{ seen: "deploy" }, { seen: "deploy" }]);
  });

  it("for timers", limit, async () => {
    const world = new World({ seed: 1 });
    const { clock } = world.addHost("a", "10.0.0.1");
    await staysPending(new Promise<void>((resolve) => clock.after(1, resolve)));
  });
});
