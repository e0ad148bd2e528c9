import { describe, expect, it } from "vitest";
import { Cluster } from "../simulation/cluster.ts";
import { watchedSignal } from "./signals.ts";

const key = "AAECAwQFBgcICQoLDA0ODw==";

async function cluster(options: object = {}): Promise<Cluster> {
  const nodes = new Cluster({ size: 3, seed: 5, network: { latencyMs: [1, 3] }, options });
  await nodes.join();
  await nodes.world.run(5_000);
  return nodes;
}

/** Aborts after a time, and returns what the promise rejected with, and when. */
async function abort<Result>(
  nodes: Cluster,
  begin: (signal: AbortSignal) => Promise<Result>,
  abortMs = 300,
): Promise<{ failure: unknown; afterMs: number }> {
  const controller = new AbortController();
  const began = nodes.world.now;
  nodes.world.at(abortMs, () => controller.abort(new Error("enough")));
  const failure = await nodes.world.settle(
    begin(controller.signal).then(
      () => "it succeeded",
      (error: unknown) => error,
    ),
  );
  return { failure, afterMs: nodes.world.now - began };
}

const reason = expect.objectContaining({ message: "enough" });

describe("a signal", () => {
  it("ends a join at once, with its reason, also while an address is dialled", async () => {
    const nodes = await cluster();
    nodes.world.addHost("silent", "10.9.9.9");
    nodes.world.network.cut("n0", "silent");
    const joined = await abort(nodes, (signal) => nodes.node("n0").join(["10.9.9.9"], { signal }));
    expect(joined).toEqual({ failure: reason, afterMs: 300 });
    const many = Array<string>(50).fill("10.9.9.9");
    expect(await abort(nodes, (signal) => nodes.node("n0").join(many, { signal }))).toEqual({
      failure: reason,
      afterMs: 300,
    });
  });

  it("ends a query, whose loop then throws its reason after the replies", async () => {
    const nodes = await cluster();
    const replies: string[] = [];
    const asked = await abort(nodes, async (signal) => {
      const query = nodes.node("n0").query("q", "", { ack: true, timeoutMs: 60_000, signal });
      for await (const { type, from } of query) replies.push(`${type} ${from}`);
    });
    expect(asked).toEqual({ failure: reason, afterMs: 300 });
    expect(replies.sort()).toEqual(["ack n0", "ack n1", "ack n2"]);
  });

  it("ends a change of keys, which waits for replies or for its turn", async () => {
    const nodes = await cluster({ encryptKey: key });
    const { keys } = nodes.node("n0");
    nodes.world.network.partition([["n0"]]);
    const aborted = { failure: reason, afterMs: 300 };
    expect(await abort(nodes, (signal) => keys.list({ signal }))).toEqual(aborted);
    const first = keys.install(key).catch(() => undefined);
    expect(await abort(nodes, (signal) => keys.install(key, { signal }))).toEqual(aborted);
    await nodes.world.settle(first);
  });

  it("ends the wait for a leave, for tags and for a removal, which go on", async () => {
    const nodes = await cluster({ broadcastTimeoutMs: 30_000, leavePropagateDelayMs: 30_000 });
    const serf = nodes.node("n0");
    expect(await abort(nodes, (signal) => serf.setTags({ role: "web" }, { signal }), 20)).toEqual({
      failure: reason,
      afterMs: 20,
    });
    expect(serf.local.tags).toEqual({ role: "web" });
    await nodes.world.run(1_000);
    expect(await abort(nodes, (signal) => serf.leave({ signal }))).toEqual({ failure: reason, afterMs: 300 });
    expect(serf.state).toBe("leaving");
    await nodes.world.run(60_000);
    expect(serf.state).toBe("left");
    const other = nodes.node("n1");
    const late = AbortSignal.abort(new Error("enough"));
    await expect(other.removeFailedNode("n2", { signal: late })).rejects.toThrow("enough");
    await expect(other.leave({ signal: late })).rejects.toThrow("enough");
    await expect(other.setTags({}, { signal: late })).rejects.toThrow("enough");
    expect(other.state).toBe("alive");
  });

  it("that is aborted already begins nothing", async () => {
    const nodes = await cluster({ encryptKey: key });
    const serf = nodes.node("n0");
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(serf.join(["10.0.0.2"], { signal })).rejects.toThrow("enough");
    await expect(serf.keys.list({ signal })).rejects.toThrow("enough");
    await expect(serf.keys.use(key, { signal })).rejects.toThrow("enough");
    expect(() => serf.query("q", "", { signal })).toThrow("enough");
  });

  it("has no listener left when what it might end is over", async () => {
    const nodes = await cluster({ encryptKey: key });
    const serf = nodes.node("n0");
    const { signal, listeners } = watchedSignal();
    await nodes.world.settle(serf.join(["10.0.0.2"], { signal }));
    await nodes.world.settle(serf.keys.list({ signal }));
    await nodes.world.settle(serf.keys.install(key, { signal }));
    await nodes.world.settle(serf.query("q", "", { signal, timeoutMs: 100 }).done);
    await nodes.world.run(1);
    expect(listeners.size).toBe(0);
  });
});
