/** What one false message starts has to end, although nobody repeats it. */

import { beforeEach, describe, expect, it } from "vitest";
import { type CoreNode, CoreWorld } from "../../../runtimes/sim/mod.ts";
import { Forger, lamportTimes, state, type Victim } from "../../../runtimes/sim/scenarios/poison.ts";
import { encodeQuery } from "../../../src/core/serf/wire/encoding.ts";

const forger = new Forger();
let world: CoreWorld;
let nodes: readonly [CoreNode, CoreNode, CoreNode];
let victim: Victim;

beforeEach(() => {
  world = new CoreWorld({ seed: 1, size: 3 });
  nodes = [world.nodes[0]!, world.nodes[1]!, world.nodes[2]!];
  victim = { name: "n2", address: Uint8Array.of(10, 0, 0, 2), port: 7946 };
});

describe("a member that runs", () => {
  it("does not stay leaving for somebody who got a push/pull that says it left", () => {
    world.startJoined();
    world.run(5_000);
    world.inject(nodes[0], nodes[1], state(victim, { time: 100n, incarnation: 0 }, forger));
    world.run(1_000);
    expect(nodes[1].core.member("n2")?.status).toBe("leaving");
    world.run(150_000);
    for (const { core } of nodes) expect(core.member("n2")?.status).toBe("alive");
  });

  it("comes back for somebody who was made to erase it", () => {
    world.startJoined();
    world.run(5_000);
    const prune = lamportTimes(victim, 10n, forger).find(({ title }) => title.includes("erases"))!;
    // The victim itself learns of it later, or it would refute at once.
    world.links.partition([[0, 1], [2]]);
    world.inject(nodes[0], nodes[1], prune);
    world.inject(nodes[0], nodes[1], state(victim, { time: 100n, incarnation: 0 }, forger));
    world.run(1_000);
    world.links.heal();
    world.run(9_000);
    expect(nodes[1].core.member("n2")).toBe(undefined);
    world.run(150_000);
    for (const { core } of nodes) expect(core.member("n2")?.status).toBe("alive");
  });
});

describe("a node that joins a cluster whose clocks leapt further than a message may", () => {
  it("catches up, and takes part in queries", () => {
    world.startJoined([nodes[0], nodes[1]]);
    world.run(5_000);
    for (const lamportTime of [2n ** 31n, 2n ** 32n, 2n ** 33n - 2n]) {
      const query = encodeQuery({
        ...{ type: "query", lamportTime, id: 7, address: victim.address, port: 7946, sourceNode: "x" },
        ...{ filters: [], flags: 0, relayFactor: 0, timeout: 1_000_000_000n, name: "q", payload: null },
      });
      world.inject(nodes[0], nodes[1], { packets: [forger.user(query)] });
      world.run(5_000);
    }
    world.start(nodes[2]);
    world.join(nodes[2], nodes[0]);
    world.run(5_000);
    const times = nodes.map(({ core }) => core.inspect().clocks.queries.time);
    expect(times).toEqual([2n ** 33n - 1n, 2n ** 33n - 1n, 2n ** 33n - 1n]);
  });
});
