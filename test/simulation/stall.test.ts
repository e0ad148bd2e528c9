/**
 * A node that stands still: its acks and refutations wait in the socket while its timers run late.
 */

import { describe, expect, it } from "vitest";
import { Cluster } from "./cluster.ts";

const minute = 60_000;

describe("a node that stood still", () => {
  it.each([
    1, 2, 3, 4, 5, 6, 7, 8,
  ])("reports no failure of a member that has refuted meanwhile (seed %d)", async (seed) => {
    const cluster = new Cluster({ size: 5, seed, network: { latencyMs: [1, 5] } });
    await cluster.join();
    await cluster.world.run(minute);
    cluster.world.network.partition([["n1"]]);
    const suspects = () =>
      cluster.lines.some(({ observer, line }) => observer === "n0" && /Suspect n1/.test(line.text));
    while (!suspects()) await cluster.world.run(50);
    cluster.world.pause("n0");
    await cluster.world.run(100);
    cluster.world.network.heal();
    await cluster.world.run(minute);
    const woke = cluster.world.now;
    cluster.world.resume("n0");
    await cluster.world.run(minute);
    const failures = cluster.reports.filter(
      ({ at, observer, event }) => at >= woke && observer === "n0" && event.type === "member-failed",
    );
    // Of the others it may hear late what everybody else saw.
    expect(
      failures.flatMap(({ event }) => ("members" in event ? event.members.map(({ name }) => name) : [])),
    ).not.toContain("n1");
  });

  it.each([1, 2, 3])("suspects nobody for what it missed (seed %d)", async (seed) => {
    const cluster = new Cluster({ size: 6, seed, network: { latencyMs: [1, 5] } });
    await cluster.join();
    await cluster.world.run(minute);
    for (let round = 0; round < 20; round++) {
      cluster.world.pause("n0");
      await cluster.world.run(700 + 150 * round);
      cluster.world.resume("n0");
      await cluster.world.run(5_000);
    }
    const accused = cluster.lines.filter(
      ({ observer, line }) => observer === "n0" && /Suspect n[1-5]/.test(line.text),
    );
    expect(accused.map(({ line }) => line.text)).toEqual([]);
  });
});
