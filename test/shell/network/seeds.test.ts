/** The addresses that the seeds of a join resolve to, in a world with its own DNS. */
import { expect, test } from "vitest";
import { World } from "../../../runtimes/sim/mod.ts";
import { resolveSeeds, type Target } from "../../../src/shell/network/seeds.ts";

const service = "_serf._tcp.example.test";

function newWorld(): World {
  const world = new World({ seed: 1 });
  world.addHost("a", "10.0.0.1");
  world.addHost("b", ["10.0.0.2", "fd00::2"]);
  return world;
}

async function resolved(
  world: World,
  ...seeds: string[]
): Promise<{ readonly targets: readonly Target[]; readonly failures: readonly string[] }> {
  const results = await world.settle(resolveSeeds(world.runtime("a"), seeds, 7946));
  expect(results.map(({ seed }) => seed)).toEqual(seeds);
  return {
    targets: results.flatMap(({ targets }) => targets),
    failures: results.flatMap(({ failure }) => failure ?? []),
  };
}

const at = (host: string, port: number, node = ""): object => ({ node, to: { host, port } });

test("names resolve to all their addresses, in the order of the seeds", async () => {
  expect(await resolved(newWorld(), "b", "10.9.9.9:1", "x/a:2", "[fd00::9]:3")).toEqual({
    targets: [
      at("10.0.0.2", 7946),
      at("fd00::2", 7946),
      at("10.9.9.9", 1),
      at("10.0.0.1", 2, "x"),
      at("fd00::9", 3),
    ],
    failures: [],
  });
});

test("a service resolves to all addresses of all targets, with the ports in DNS, each time anew", async () => {
  const world = newWorld();
  world.setService(service, [
    { name: "b", port: 8000 },
    { name: "10.9.9.9", port: 9000 },
  ]);
  expect((await resolved(world, service)).targets).toEqual([
    at("10.0.0.2", 8000),
    at("fd00::2", 8000),
    at("10.9.9.9", 9000),
  ]);
  world.setService(service, [{ name: "a", port: 1 }]);
  expect((await resolved(world, service)).targets).toEqual([at("10.0.0.1", 1)]);
});

test("a target without an address is left out, unless all are", async () => {
  const world = newWorld();
  world.setService(service, [
    { name: "gone", port: 1 },
    { name: "a", port: 2 },
  ]);
  expect(await resolved(world, service)).toEqual({ targets: [at("10.0.0.1", 2)], failures: [] });
  world.setService(service, [{ name: "gone", port: 1 }]);
  expect((await resolved(world, service)).failures).toEqual([
    `failed to resolve ${service}: lookup gone: no such host`,
  ]);
});

test.each([
  ["nobody", "lookup nobody: no such host"],
  [service, `lookup ${service}: no such host`],
  ["_serf._tcp.empty.test", "lookup _serf._tcp.empty.test: no such host"],
  // With a port it is a host name, and it is not a valid one.
  [`${service}:7946`, `lookup ${service}: no such host`],
  ["_serf._sctp.example.test", "lookup _serf._sctp.example.test: no such host"],
  ["a:x", 'strconv.ParseUint: parsing "x": invalid syntax'],
  ["/a", "empty node name provided"],
])("%s cannot be resolved", async (seed, why) => {
  const world = newWorld();
  world.setService("_serf._tcp.empty.test", []);
  expect(await resolved(world, seed)).toEqual({
    targets: [],
    failures: [`failed to resolve ${seed}: ${why}`],
  });
});
