import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { command, lacks } from "../machine/here.ts";
import { Cluster } from "./cluster.ts";
import { life } from "./life.ts";

const minute = 60_000;

describe("a simulated cluster", () => {
  it("that is stopped as a whole is gone in three seconds, however lossy its network is", async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const cluster = new Cluster({ size: 8, seed, network: { latencyMs: [1, 5], loss: 0.05 } });
      await cluster.join();
      await cluster.world.run(minute);
      const times: number[] = [];
      const goodbyes = cluster.nodes().map(async (node, index) => {
        await new Promise<void>((resolve) => cluster.world.at(150 * index, resolve));
        const begin = cluster.world.now;
        await node.leave();
        times.push(cluster.world.now - begin);
        await node.shutdown();
      });
      await cluster.world.settle(Promise.all(goodbyes));
      expect(Math.max(...times), `seed ${seed}`).toBeLessThanOrEqual(3_000);
    }
  });

  it("of three nodes has no suspicion in ten minutes", async () => {
    const cluster = new Cluster({ size: 3, seed: 1, network: { latencyMs: [0, 2] } });
    await cluster.join();
    await cluster.converge(cluster.names, { n0: "alive", n1: "alive", n2: "alive" }, minute);
    await cluster.world.run(10 * minute);
    const alarms = cluster.lines.filter(
      ({ line }) => line.level !== "INFO" || /Suspect|Failed/.test(line.text),
    );
    expect(alarms).toEqual([]);
  });

  it("has the same history from the same seed, and another one from another seed", async () => {
    const first = await life(42);
    expect(await life(42)).toBe(first);
    expect(await life(43)).not.toBe(first);
  });

  const others = (["node", "node24", "deno", "bun"] as const).filter((name) => !lacks(name));
  it.each(others)("has the same history on %s as here", { timeout: 60_000 }, async (name) => {
    const { program, args } = command(name, "test/simulation/life.ts");
    const { stdout } = await promisify(execFile)(program, [...args, "42"]);
    expect(stdout).toBe(`${await life(42)}\n`);
  });
});
