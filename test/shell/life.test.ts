import { describe, expect, it } from "vitest";
import { Serf } from "../../src/shell/serf.ts";
import { Cluster } from "../simulation/cluster.ts";

async function cluster(size: number): Promise<Cluster> {
  const nodes = new Cluster({ size, seed: 5, network: { latencyMs: [1, 3] } });
  await nodes.join();
  await nodes.world.run(5_000);
  return nodes;
}

describe("a node that is disposed", () => {
  it("while it leaves waits for that leave, and others see it leave", async () => {
    const nodes = await cluster(3);
    const serf = nodes.node("n2");
    const leaving = serf.leave();
    const disposed = serf[Symbol.asyncDispose]();
    await nodes.world.settle(Promise.all([leaving, disposed]));
    expect(serf.state).toBe("shutdown");
    await nodes.converge(["n0", "n1"], { n0: "alive", n1: "alive", n2: "left" }, 10_000);
  });

  it("twice at once leaves and stops once", async () => {
    const nodes = await cluster(2);
    const serf = nodes.node("n1");
    const disposals = [serf[Symbol.asyncDispose](), serf[Symbol.asyncDispose]()];
    await nodes.world.settle(Promise.all(disposals));
    expect(serf.state).toBe("shutdown");
    await nodes.converge(["n0"], { n0: "alive", n1: "left" }, 10_000);
  });

  it("and shut down meanwhile has stopped, which is no failure", async () => {
    const nodes = await cluster(2);
    const serf = nodes.node("n1");
    const disposed = serf[Symbol.asyncDispose]();
    await nodes.world.settle(Promise.all([disposed, serf.shutdown()]));
    expect(serf.state).toBe("shutdown");
  });

  it("still refuses a second leave while one runs", async () => {
    const nodes = await cluster(2);
    const serf = nodes.node("n1");
    const leaving = serf.leave();
    await expect(serf.leave()).rejects.toThrow("Leave already in progress");
    await nodes.world.settle(leaving);
    await expect(serf.leave()).resolves.toBe(undefined);
  });
});

describe("a node that left", () => {
  async function leftNode(): Promise<{ nodes: Cluster; serf: Serf }> {
    const nodes = await cluster(3);
    const serf = nodes.node("n2");
    await nodes.world.settle(serf.leave());
    await nodes.converge(["n0", "n1", "n2"], { n0: "alive", n1: "alive", n2: "left" }, 10_000);
    return { nodes, serf };
  }

  it.each([
    ["is not known", "no-such-host"],
    ["refuses", "10.0.0.1:1"],
    ["is not there", "10.9.9.9"],
  ])("stays away if the host that it joins %s", async (_why, seed) => {
    const { nodes, serf } = await leftNode();
    await expect(nodes.world.settle(serf.join([seed]))).rejects.toMatchObject({ code: "ERR_JOIN" });
    expect(serf.state).toBe("left");
    await nodes.world.run(60_000);
    for (const name of nodes.names) expect(nodes.view(name)).toMatchObject({ n2: "left" });
    expect(ownEvents(nodes)).toEqual(["member-join", "member-leave"]);
  });

  it("goes away again if whom it reached is no member", async () => {
    const { nodes, serf } = await leftNode();
    const foreign = nodes.world.addHost("foreign", "10.0.0.99");
    await nodes.world.settle(
      Serf.start({ name: "foreign", bind: "10.0.0.99:7946", label: "other" }, foreign),
    );
    await expect(nodes.world.settle(serf.join(["10.0.0.99"]))).rejects.toMatchObject({ code: "ERR_JOIN" });
    expect(serf.state).toBe("left");
    await nodes.world.run(60_000);
    for (const name of nodes.names) expect(nodes.view(name)).toMatchObject({ n2: "left" });
  });

  it("is alive again at the member that it contacts with this very contact", async () => {
    const { nodes, serf } = await leftNode();
    const joined = serf.join(["10.0.0.1:7946"]);
    expect(serf.state).toBe("left");
    expect(await nodes.world.settle(joined)).toMatchObject({ contacts: 1 });
    expect(serf.state).toBe("alive");
    expect(nodes.view("n0")).toMatchObject({ n2: "alive" });
    await nodes.converge(nodes.names, { n0: "alive", n1: "alive", n2: "alive" }, 10_000);
  });

  it("stays away if it leaves again before the contact", async () => {
    const { nodes, serf } = await leftNode();
    nodes.world.network.shape({ latencyMs: [500, 500] });
    const joined = serf.join(["10.0.0.1:7946"]);
    void nodes.world.at(100, () => void serf.leave());
    await expect(nodes.world.settle(joined)).rejects.toMatchObject({ code: "ERR_STATE" });
    await nodes.world.run(60_000);
    expect(serf.state).toBe("left");
    for (const name of nodes.names) expect(nodes.view(name)).toMatchObject({ n2: "left" });
  });
});

describe("the loop over a node's events", () => {
  it("ends with the reason: a shutdown", async () => {
    const nodes = await cluster(1);
    await nodes.world.settle(nodes.node("n0").shutdown());
    expect(nodes.reports.at(-1)!.event).toEqual({ type: "stopped", reason: "shutdown" });
    const late = nodes.node("n0").events();
    expect(await late.next()).toEqual({ done: false, value: { type: "stopped", reason: "shutdown" } });
    expect(await late.next()).toEqual({ done: true, value: undefined });
  });

  it("ends with the reason: another member has the name", async () => {
    const nodes = await cluster(3);
    const host = nodes.world.addHost("second", "10.0.0.99");
    const serf = await nodes.world.settle(Serf.start({ name: "n2", bind: "10.0.0.99:7946" }, host));
    const types: unknown[] = [];
    const ended = (async () => {
      for await (const event of serf.events()) types.push(event.type === "stopped" ? event : event.type);
    })();
    await nodes.world.settle(serf.join(["10.0.0.1"]));
    await nodes.world.settle(ended);
    expect(types.at(-1)).toEqual({ type: "stopped", reason: "name conflict" });
    expect(await nodes.world.settle(serf.stopped)).toBe("name conflict");
  });
});

/** The types of the events that n2 reported about itself. */
function ownEvents(nodes: Cluster): string[] {
  return nodes.reports.flatMap(({ observer, event }) =>
    observer === "n2" && "members" in event && event.members.some(({ name }) => name === "n2")
      ? [event.type]
      : [],
  );
}
