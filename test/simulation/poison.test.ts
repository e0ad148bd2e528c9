import { describe, expect, it } from "vitest";
import { type Poison, poisons } from "../../runtimes/sim/scenarios/poison.ts";
import { Cluster } from "./cluster.ts";

const minute = 60_000;
const victim = { name: "n1", address: Uint8Array.of(10, 0, 0, 2), port: 7946 };

/** A cluster of five with snapshots, and a stranger's host. */
async function attacked(seed: number): Promise<Cluster> {
  const cluster = new Cluster({
    seed,
    size: 5,
    network: { latencyMs: [1, 5] },
    options: { snapshotPath: "/data/snapshot" },
  });
  cluster.world.addHost("stranger", "10.0.0.99");
  await cluster.join();
  await cluster.converge(cluster.names, alive(cluster), minute);
  await cluster.world.run(10_000);
  return cluster;
}

function alive(cluster: Cluster): Record<string, "alive"> {
  return Object.fromEntries(cluster.names.map((name) => [name, "alive" as const]));
}

/** Sends one hostile input to a member. */
async function send(cluster: Cluster, { packets, stream }: Poison): Promise<void> {
  const { datagrams, streams } = cluster.world.runtime("stranger");
  const to = { host: "10.0.0.1", port: 7946 };
  if (packets !== undefined) {
    const handler = { packet: () => undefined, sendFailed: () => undefined };
    const socket = await cluster.world.settle(datagrams.bind({ host: "10.0.0.99", port: 0 }, handler));
    for (const bytes of packets) socket.send(to, bytes);
    await cluster.world.settle(socket.close());
  }
  if (stream !== undefined) {
    const connection = await cluster.world.settle(streams.connect(to));
    await cluster.world.settle(connection.write(stream).catch(() => undefined));
    await cluster.world.run(500);
    connection.close();
  }
  await cluster.world.run(1_000);
}

/** Does what a cluster is for, and expects that it works. */
async function expectSound(cluster: Cluster, round: string): Promise<void> {
  for (const name of cluster.names)
    expect({ name, view: cluster.view(name) }).toEqual({ name, view: alive(cluster) });
  for (const name of cluster.names) {
    for (const count of [1, 2, 3]) cluster.node(name).userEvent(`${round} ${name} ${count}`);
    const query = cluster.node(name).query("_serf_ping", "", { ack: true });
    await cluster.world.settle(query.done);
    expect({ name, missing: query.missing }).toEqual({ name, missing: [] });
  }
  await cluster.world.run(5_000);
  for (const name of cluster.names) {
    const seen = cluster.reports.flatMap(({ observer, event }) =>
      observer === name && event.type === "user" && event.name.startsWith(`${round} `) ? [event.name] : [],
    );
    expect({ name, seen: seen.sort() }).toEqual({ name, seen: expected(cluster, round) });
  }
}

function expected(cluster: Cluster, round: string): string[] {
  return cluster.names.flatMap((name) => [1, 2, 3].map((count) => `${round} ${name} ${count}`)).sort();
}

describe("an hour after everything hostile that one stranger can send", { timeout: 600_000 }, () => {
  it("a cluster is as without it, also after each member has restarted", async () => {
    const cluster = await attacked(1);
    for (const poison of poisons(victim)) await send(cluster, poison);
    const linesBefore = cluster.lines.length;
    await cluster.world.run(60 * minute);
    expect(cluster.lines.length - linesBefore).toBeLessThan(20);
    await expectSound(cluster, "after");
    for (const name of cluster.names) {
      cluster.world.crash(name);
      cluster.world.restart(name);
      await cluster.world.run(5_000);
    }
    await cluster.converge(cluster.names, alive(cluster), 2 * minute);
    await expectSound(cluster, "restarted");
    // Another leave is still seen as one.
    await cluster.world.settle(cluster.node("n4").leave());
    await cluster.world.run(10_000);
    for (const name of cluster.names.slice(0, 4)) expect(cluster.view(name)["n4"]).toBe("left");
  });

  it.each(
    poisons(victim).map((poison) => [poison.title, poison] as const),
  )("after %s alone members are alive and reached", async (_title, poison) => {
    const cluster = await attacked(2);
    await send(cluster, poison);
    await cluster.world.run(5 * minute);
    await expectSound(cluster, "after");
  });
});
