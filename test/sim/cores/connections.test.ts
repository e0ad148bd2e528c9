import { expect, it } from "vitest";
import { type CoreNode, CoreWorld } from "../../../runtimes/sim/mod.ts";
import { Forger, state } from "../../../runtimes/sim/scenarios/poison.ts";

/** How a join through a node ended, and after how many milliseconds. */
function joined(disturb: (world: CoreWorld, target: CoreNode) => void): [string | undefined, number] {
  const world = new CoreWorld({ seed: 1, size: 2, network: { latencyMs: [1, 3] } });
  const [node, target] = world.nodes as [CoreNode, CoreNode];
  world.start(node);
  world.start(target);
  world.run(100);
  disturb(world, target);
  const begun = world.now;
  let ended: [string | undefined, number] | undefined;
  world.join(node, target, (error) => {
    ended = [error, world.now - begun];
  });
  world.run(15_000);
  return ended!;
}

const refused = /connection refused$/;
const timeout = /i\/o timeout$/;

it.each<[string, (world: CoreWorld, target: CoreNode) => void, RegExp | undefined, number]>([
  ["a program that runs takes a connection", () => undefined, undefined, 50],
  ["the host of a killed program refuses one", (world, target) => world.crash(target), refused, 10],
  ["a host without power does not answer", (world, target) => world.crash(target, true), timeout, 10_000],
  ["a firewall refuses one", (_world, target) => void (target.port = "refusing"), refused, 10],
  [
    "a program without room does not answer",
    (_world, target) => void (target.port = "full"),
    timeout,
    10_000,
  ],
])("%s", (_name, disturb, reason, withinMs) => {
  const [error, ms] = joined(disturb);
  if (reason === undefined) expect(error).toBeUndefined();
  else expect(error).toMatch(reason);
  expect(ms).toBeLessThanOrEqual(withinMs);
});

it("a host that is started again after a loss of power refuses connections once its program is killed", () => {
  const [error] = joined((world, target) => {
    world.crash(target, true);
    world.start(target);
    world.crash(target);
  });
  expect(error).toMatch(refused);
});

it.each([
  ["goes on", false, 1],
  ["ends meanwhile", true, 0],
])("what a liar that %s pours into a connection arrives accordingly", (_what, ends, leaving) => {
  const world = new CoreWorld({ seed: 1, size: 3, network: { latencyMs: [100, 100] } });
  world.startJoined();
  world.run(1_000);
  const [liar, victim, other] = world.nodes as [CoreNode, CoreNode, CoreNode];
  const about = { name: other.name, address: Uint8Array.of(10, 0, 0, 2), port: 7946 };
  world.inject(liar, victim, state(about, { time: 100n, incarnation: 0 }, new Forger()));
  // It is opened after two ways, and the lie is on its way.
  world.run(250);
  if (ends) world.crash(liar);
  world.run(250);
  expect(victim.core.members().filter(({ status }) => status === "leaving")).toHaveLength(leaving);
});
