import { expect, it } from "vitest";
import { CoreWorld } from "../../../runtimes/sim/mod.ts";

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
