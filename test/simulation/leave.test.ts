/** A member that leaves a small cluster on a network that loses nothing, but may reorder packets. */

import { describe, expect, it } from "vitest";
import { seeded } from "../core/swim/machine.ts";
import { falsePositives } from "./checkers.ts";
import { Cluster } from "./cluster.ts";

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

/** Returns reports of failures while n1 leaves; `paused` stands still for a part of that. */
async function mistaken(seed: number, paused?: string): Promise<string[]> {
  const chance = seeded(seed * 7);
  const cluster = new Cluster({
    size: 3,
    seed,
    network: { latencyMs: [0.1, 1] },
    options: { profile: "local" },
  });
  const { world } = cluster;
  await cluster.join();
  await world.run(8_000 + chance.below(3_000));
  if (paused !== undefined) world.pause(paused);
  await world.run(chance.below(1_000));
  const left = cluster.node("n1").leave();
  await world.run(chance.below(3_000));
  if (paused !== undefined) world.resume(paused);
  await world.settle(left);
  await world.settle(cluster.node("n1").shutdown());
  await world.run(10_000);
  return falsePositives(cluster.reports, new Map()).map((report) => `seed ${seed}, ${report}`);
}

describe("a member that leaves is not reported as failed", () => {
  it.each([
    { while: "nobody stands still" },
    { while: "it stands still", paused: "n1" },
    { while: "another one stands still", paused: "n0" },
  ])("while $while", { timeout: 60_000 }, async ({ paused }) => {
    const reports: string[] = [];
    for (const seed of seeds) reports.push(...(await mistaken(seed, paused)));
    expect(reports).toEqual([]);
  });
});
