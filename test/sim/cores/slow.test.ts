import { expect, it } from "vitest";
import { CoreWorld, type Watcher } from "../../../runtimes/sim/mod.ts";

it("a slow node that is made to leave twice leaves once, and both are done", () => {
  const world = new CoreWorld({ seed: 1, size: 2, options: { profile: "local" } });
  const [one, two] = [world.nodes[0]!, world.nodes[1]!];
  for (const node of world.nodes) world.start(node);
  world.join(one, two);
  expect(world.runUntil(() => one.core.members().length === 2, 10_000)).toBe(true);
  one.lateMs = 3_000;
  let done = 0;
  for (let times = 0; times < 2; times++) {
    world.leave(one, () => {
      done += 1;
    });
  }
  expect(world.runUntil(() => done === 2, 60_000)).toBe(true);
  expect(one.core.state).toBe("left");
});

it("a slow node does late what is due while it is slow, and in time what is due afterwards", () => {
  const ends: [query: number, at: number][] = [];
  const watcher: Watcher = {
    effect: (now, _node, effect) => {
      if (effect.kind === "queryEnd") ends.push([effect.query, now]);
    },
  };
  const world = new CoreWorld({ seed: 1, size: 1, options: { profile: "local" }, watchers: [watcher] });
  const node = world.nodes[0]!;
  world.start(node);
  const ask = (query: number, timeoutMs: number): void =>
    world.command(node, (core, now) =>
      core.queries.ask(now, query, {
        name: "load",
        payload: new Uint8Array(0),
        nodes: [],
        tags: new Map(),
        ack: false,
        relayFactor: 0,
        timeoutMs,
        waitForDeadline: true,
      }),
    );
  ask(1, 1_000);
  ask(2, 9_000);
  node.lateMs = 3_000;
  world.run(5_000);
  node.lateMs = 0;
  world.run(10_000);
  const [first, second] = ends;
  expect(first![1]).toBeGreaterThan(3_000);
  expect(first![1]).toBeLessThanOrEqual(4_000);
  expect(second).toEqual([2, 9_000]);
});
