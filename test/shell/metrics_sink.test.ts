/**
 * Measurements of whole nodes in the simulator: what an application's sink receives, and that
 * nothing depends on it.
 */

import { describe, expect, it } from "vitest";
import type { Metrics } from "../../src/core/metrics.ts";
import { Cluster, type ClusterOptions } from "../simulation/cluster.ts";

const minute = 60_000;

/** Sums what it receives. */
class Sums implements Metrics {
  readonly counters = new Map<string, number>();
  readonly samples = new Map<string, number[]>();
  readonly gauges = new Map<string, number>();

  incr(name: string, value: number): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + value);
  }

  sample(name: string, value: number): void {
    const values = this.samples.get(name) ?? [];
    values.push(value);
    this.samples.set(name, values);
  }

  gauge(name: string, value: number): void {
    this.gauges.set(name, value);
  }
}

const failing: Metrics = {
  incr(): void {
    throw new Error("full");
  },
  sample(): void {
    throw new Error("full");
  },
  gauge(): void {
    throw new Error("full");
  },
};

/** Runs nodes through all kinds of work. */
async function live(options: ClusterOptions["options"]): Promise<Cluster> {
  const network = { latencyMs: [1, 20], loss: 0.02 } as const;
  const cluster = new Cluster({ size: 5, seed: 3, network, ...(options && { options }) });
  await cluster.join();
  await cluster.world.run(5_000);
  cluster.node("n1").userEvent("deploy", "v1");
  const query = cluster.node("n2").query("uptime", "", { ack: true });
  await cluster.world.settle(
    (async () => {
      for await (const _reply of query);
    })(),
  );
  await cluster.world.settle(cluster.node("n3").setTags({ a: "b" }));
  cluster.world.powerOff("n4");
  await cluster.world.run(2 * minute);
  return cluster;
}

describe("a node's measurements", () => {
  it("do not change what the node does, whatever the sink does", async () => {
    const { world } = await live({});
    expect((await live({ metrics: new Sums() })).world.traceHash).toBe(world.traceHash);
  });

  it("go to the sink under Serf's names", async () => {
    const sums = new Sums();
    const key = "AAECAwQFBgcICQoLDA0ODw==";
    await live({ metrics: sums, encryptKey: key, label: "blue", snapshotPath: "/snapshot" });
    expect([...sums.counters.keys()].sort()).toEqual(
      expect.arrayContaining([
        "memberlist.msg.alive",
        "memberlist.msg.dead",
        "memberlist.msg.suspect",
        "memberlist.tcp.accept",
        "memberlist.tcp.connect",
        "memberlist.tcp.sent",
        "memberlist.udp.received",
        "memberlist.udp.sent",
        "serf.events",
        "serf.events.deploy",
        "serf.member.failed",
        "serf.member.join",
        "serf.member.update",
        "serf.queries",
        "serf.queries.uptime",
        "serf.query_acks",
      ]),
    );
    expect([...sums.samples.keys()].sort()).toEqual([
      "memberlist.gossip",
      "memberlist.probeNode",
      "memberlist.pushPullNode",
      "memberlist.queue.broadcasts",
      "memberlist.size.remote",
      "serf.coordinate.adjustment-ms",
      "serf.msgs.received",
      "serf.msgs.sent",
      "serf.queue.Event",
      "serf.queue.Intent",
      "serf.queue.Query",
      "serf.snapshot.appendLine",
    ]);
    expect([...sums.gauges.keys()].sort()).toEqual(
      expect.arrayContaining([
        "memberlist.node.instances.alive",
        "memberlist.node.instances.dead",
        "memberlist.node.instances.left",
        "memberlist.node.instances.suspect",
        "memberlist.size.local",
      ]),
    );
    // Each node counts for itself: five nodes see five joins, then four see one failure.
    expect(sums.counters.get("serf.member.join")).toBe(25);
    expect(sums.counters.get("serf.member.failed")).toBe(4);
    expect(sums.counters.get("serf.events.deploy")).toBe(5);
    expect(sums.counters.get("serf.query_acks")).toBe(5);
    for (const values of sums.samples.values()) {
      for (const value of values) expect(Number.isFinite(value) && value >= 0).toBe(true);
    }
  });

  it("do no harm if the sink throws, which is logged once", async () => {
    const cluster = await live({ metrics: failing });
    const view = { n0: "alive", n1: "alive", n2: "alive", n3: "alive", n4: "failed" } as const;
    expect(cluster.view("n0")).toEqual(view);
    const said = cluster.lines.filter(
      ({ observer, line }) => observer === "n0" && line.text.includes("sink"),
    );
    expect(said.map(({ line }) => `${line.level} ${line.text}`)).toEqual([
      "ERR The metrics sink failed: full",
    ]);
  });
});
