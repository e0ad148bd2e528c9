/**
 * Clusters that heal without help: after everything restarted at once, after half of the cluster was cut off, with disks that fail.
 */

import { describe, expect, it } from "vitest";
import type { MemberStatus } from "../../src/core/serf/api.ts";
import { Cluster } from "./cluster.ts";

const second = 1_000;
const minute = 60 * second;
const path = "/data/snapshot";

/** A view of the cluster in which these members have this status. */
function all(names: readonly string[], status: MemberStatus = "alive"): Record<string, MemberStatus> {
  return Object.fromEntries(names.map((name) => [name, status]));
}

async function settled(size: number, seed: number): Promise<Cluster> {
  const cluster = new Cluster({
    size,
    seed,
    network: { latencyMs: [1, 10] },
    options: { snapshotPath: path },
  });
  await cluster.join();
  await cluster.converge(cluster.names, all(cluster.names), 2 * minute);
  await cluster.world.run(10 * second);
  return cluster;
}

async function file(cluster: Cluster, name: string): Promise<string> {
  const { files } = cluster.world.runtime(name);
  return new TextDecoder().decode(await cluster.world.settle(files.read(path)));
}

function logged(cluster: Cluster, name: string, text: string): number {
  return cluster.lines.filter(({ observer, line }) => observer === name && line.text.includes(text)).length;
}

describe("a cluster of 20 nodes", () => {
  it.each([1, 2, 3, 4, 5])("that loses its power and starts again at once is one cluster again (seed %i)", {
    timeout: 120_000,
  }, async (seed) => {
    const cluster = await settled(20, seed);
    for (const name of cluster.names) cluster.world.powerOff(name);
    for (const name of cluster.names) cluster.world.restart(name);
    await cluster.world.run(second);
    await cluster.converge(cluster.names, all(cluster.names), 5 * minute);
  });

  it("that was down until each node saw all others fail is one cluster again", {
    timeout: 120_000,
  }, async () => {
    const cluster = await settled(20, 6);
    cluster.world.network.partition(cluster.names.map((name) => [name]));
    await cluster.world.run(5 * minute);
    for (const name of cluster.names) {
      expect(await file(cluster, name)).toContain("\n#failed: ");
      cluster.world.crash(name);
    }
    cluster.world.network.heal();
    for (const name of cluster.names) cluster.world.restart(name);
    await cluster.world.run(second);
    await cluster.converge(cluster.names, all(cluster.names), 5 * minute);
  });

  it("that was cut in half for an hour is one cluster again", { timeout: 300_000 }, async () => {
    const cluster = await settled(20, 7);
    const [left, right] = [cluster.names.slice(0, 10), cluster.names.slice(10)];
    cluster.world.network.partition([left, right]);
    await cluster.converge(left, { ...all(left), ...all(right, "failed") }, 3 * minute);
    await cluster.converge(right, { ...all(right), ...all(left, "failed") }, 3 * minute);
    await cluster.world.run(60 * minute);
    cluster.world.network.heal();
    await cluster.converge(cluster.names, all(cluster.names), 5 * minute);
  });
});

describe("a node that starts again", () => {
  it("uses a higher incarnation at once, and keeps its clocks", async () => {
    const cluster = await settled(3, 8);
    for (let change = 1; change <= 5; change += 1)
      await cluster.world.settle(cluster.node("n2").setTags({ change: String(change) }));
    await cluster.world.run(second);
    expect(await file(cluster, "n2")).toContain("#incarnation: 6\n");
    const before = Number(cluster.node("n2").stats()["member_time"]);
    cluster.world.crash("n2");
    cluster.world.restart("n2");
    await cluster.world.run(second);
    expect(Number(cluster.node("n2").stats()["member_time"])).toBeGreaterThanOrEqual(before);
    expect(await file(cluster, "n2")).toContain("#incarnation: 7\n");
    // No member suspected it, so it had nothing to refute, and the others know the tags of its new
    // run.
    expect(logged(cluster, "n2", "Refuting")).toBe(0);
    expect(
      cluster
        .node("n0")
        .members()
        .find(({ name }) => name === "n2")?.tags,
    ).toEqual({});
  });

  it("after a leave stays alone, unless it is to rejoin", async () => {
    for (const rejoinAfterLeave of [false, true]) {
      const cluster = new Cluster({ size: 2, seed: 9, options: { snapshotPath: path, rejoinAfterLeave } });
      await cluster.join();
      await cluster.converge(cluster.names, all(cluster.names), minute);
      await cluster.world.settle(cluster.node("n1").leave());
      await cluster.world.settle(cluster.node("n1").shutdown());
      expect(await file(cluster, "n1")).toContain("\nleave\n");
      cluster.world.restart("n1");
      await cluster.world.run(2 * minute);
      expect(cluster.view("n1")).toEqual(rejoinAfterLeave ? all(["n0", "n1"]) : all(["n1"]));
      expect(logged(cluster, "n1", "Re-joined to previously known node: n0: 10.0.0.1:7946")).toBe(
        rejoinAfterLeave ? 1 : 0,
      );
    }
  });

  it("after a leave and a join in one run is in its cluster again", async () => {
    const cluster = await settled(3, 17);
    await cluster.world.settle(cluster.node("n2").leave());
    expect(await file(cluster, "n2")).toContain("\nleave\n");
    await cluster.world.settle(cluster.node("n2").join(["10.0.0.1:7946"]));
    await cluster.converge(cluster.names, all(cluster.names), minute);
    await cluster.world.run(second);
    cluster.world.powerOff("n2");
    cluster.world.restart("n2");
    await cluster.world.run(second);
    expect(logged(cluster, "n2", "Re-joined to previously known node")).toBe(1);
    await cluster.converge(cluster.names, all(cluster.names), minute);
  });

  it("without a reachable member logs that, and keeps trying", async () => {
    const cluster = await settled(2, 10);
    cluster.world.powerOff("n0");
    cluster.world.crash("n1");
    cluster.world.restart("n1");
    await cluster.world.run(minute);
    expect(logged(cluster, "n1", "Attempting re-join to previously known node: n0: 10.0.0.1:7946")).toBe(1);
    expect(logged(cluster, "n1", "Failed to re-join any previously known node")).toBe(1);
    // It returns with an empty disk, so only the other node can find it.
    cluster.world.disk("n0").remove(path);
    cluster.world.restart("n0");
    await cluster.world.run(2 * minute);
    expect(cluster.view("n0")).toEqual(all(["n0", "n1"]));
  });

  it("has written each event to its file within a second", async () => {
    const cluster = await settled(3, 11);
    const before = await file(cluster, "n0");
    cluster.world.crash("n2");
    await cluster.world.run(30 * second);
    const failure = cluster.reports.find(
      ({ observer, event }) => observer === "n0" && event.type === "member-failed",
    );
    expect(failure).toBeDefined();
    const after = await file(cluster, "n0");
    expect(after.slice(before.length)).toBe("#failed: n2 10.0.0.3:7946\nnot-alive: n2\n");
    // The machine loses its power, not only the process: whatever was not synced within a second
    // would be torn.
    cluster.world.restart("n2");
    await cluster.world.run(500);
    while (
      !cluster.reports.some(
        ({ observer, at, event }) => observer === "n0" && event.type === "member-join" && at > failure!.at,
      )
    )
      await cluster.world.run(10);
    await cluster.world.run(second);
    const alive = await file(cluster, "n0");
    cluster.world.powerOff("n0");
    cluster.world.restart("n0");
    expect((await file(cluster, "n0")).startsWith(alive)).toBe(true);
    expect(alive).toContain("not-alive: n2\nalive: n2 10.0.0.3:7946\n");
  });
});

describe("a disk", () => {
  it("that is full causes one warning, and everything is written when there is room again", async () => {
    const cluster = await settled(4, 12);
    cluster.world.disk("n0").failure = "ENOSPC";
    cluster.world.crash("n3");
    await cluster.world.run(minute);
    cluster.world.crash("n2");
    await cluster.world.run(3 * minute);
    expect(cluster.view("n0")).toEqual({ ...all(["n0", "n1"]), ...all(["n2", "n3"], "failed") });
    const saved = await file(cluster, "n0");
    expect(saved).toContain("alive: n3 10.0.0.4:7946\n");
    expect(
      cluster.lines
        .filter(({ observer, line }) => observer === "n0" && /snapshot|ompaction/.test(line.text))
        .map(({ line }) => `${line.level} ${line.text}`),
    ).toEqual([
      "ERR Failed to update snapshot: write /data/snapshot: no space left on device",
      "INFO Attempting compaction to recover from error...",
      "ERR Compaction failed, will reattempt after 30s: write /data/snapshot: no space left on device",
    ]);
    cluster.world.disk("n0").failure = undefined;
    await cluster.world.run(minute);
    expect(logged(cluster, "n0", "Finished compaction, successfully recovered from error state")).toBe(1);
    const recovered = await file(cluster, "n0");
    expect(recovered).toContain(
      "alive: n0 10.0.0.1:7946\nalive: n1 10.0.0.2:7946\n#failed: n3 10.0.0.4:7946\n",
    );
    expect(recovered).toContain("#failed: n2 10.0.0.3:7946\n");
    expect(recovered).toContain("#incarnation: 1\n");
  });

  it("that stays full does not keep a node from stopping", async () => {
    const cluster = await settled(2, 13);
    cluster.world.disk("n0").failure = "ENOSPC";
    cluster.world.crash("n1");
    await cluster.world.run(minute);
    await cluster.world.settle(cluster.node("n0").shutdown(), 20 * second);
    expect(logged(cluster, "n0", "Compaction failed")).toBe(1);
  });

  it("from which the file is removed gets a new one", async () => {
    const cluster = await settled(3, 14);
    await cluster.world.settle(cluster.world.runtime("n0").files.remove(path));
    cluster.world.crash("n2");
    await cluster.world.run(minute);
    expect(await file(cluster, "n0")).toContain("alive: n1 10.0.0.2:7946\n#failed: n2 10.0.0.3:7946\n");
    expect(
      logged(cluster, "n0", "Failed to update snapshot: stat /data/snapshot: no such file or directory"),
    ).toBe(1);
  });

  it("without the directory stops a node from starting, and no file stays open", async () => {
    const cluster = await settled(1, 15);
    const runtime = cluster.world.addHost("other", "10.9.0.1");
    const { Serf } = await import("../../src/shell/serf.ts");
    const start = (snapshotPath: string): Promise<unknown> =>
      cluster.world.settle(Serf.start({ name: "other", bind: "10.9.0.1:7946", snapshotPath }, runtime));
    await expect(start("/nosuch/file")).rejects.toMatchObject({
      code: "ERR_OPTION",
      message:
        "Failed to setup snapshot: failed to open snapshot: open /nosuch/file: no such file or directory",
    });
    await expect(start("/data")).rejects.toThrow("open /data: is a directory");
    await start("/data/file");
  });

  it("with a torn line has it cut off before the next one is written", async () => {
    const cluster = await settled(2, 16);
    cluster.world.crash("n0");
    const disk = cluster.world.disk("n0");
    disk.append(path, disk.open(path, 0o600), new TextEncoder().encode("alive: ghost 10.1.2"));
    cluster.world.restart("n0");
    await cluster.world.run(5 * second);
    expect(await file(cluster, "n0")).not.toContain("ghost");
    await cluster.converge(cluster.names, all(cluster.names), minute);
  });
});
