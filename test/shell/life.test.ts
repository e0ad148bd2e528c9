import { describe, expect, it } from "vitest";
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
