import { describe, expect, it } from "vitest";
import { describeStep, playScript, randomScript, type Step, World } from "../../runtimes/sim/mod.ts";
import { SeededRandom } from "../../runtimes/sim/random.ts";
import type { Runtime } from "../../src/runtime.ts";

const hosts = ["n1", "n2", "n3", "n4"];

/** Nodes that ping each other, over datagrams and streams, under a random script. */
async function play(seed: number): Promise<{ hash: string; trace: string[]; received: number }> {
  const world = new World({
    seed,
    network: { latencyMs: [1, 9], loss: 0.05, duplication: 0.02 },
    trace: true,
  });
  let received = 0;
  for (const [index, name] of hosts.entries()) {
    world.addHost(name, `10.0.0.${index + 1}`, {
      program: async (runtime) => {
        const handler = {
          packet: () => {
            received += 1;
          },
          sendFailed: () => {},
        };
        const socket = await runtime.datagrams.bind({ host: "", port: 7946 }, handler);
        await runtime.streams.listen({ host: "", port: 7946 }, async (connection) => {
          const bytes = await connection.read().catch(() => null);
          if (bytes) await connection.write(bytes).catch(() => {});
          connection.close();
        });
        const draw = new Uint8Array(1);
        const tick = async (): Promise<void> => {
          runtime.clock.after(500, tick);
          runtime.random.fill(draw);
          const to = { host: `10.0.0.${(draw[0]! % hosts.length) + 1}`, port: 7946 };
          socket.send(to, draw.slice());
          const connection = await runtime.streams.connect(to, { timeoutMs: 300 }).catch(() => undefined);
          await connection?.write(draw.slice()).catch(() => {});
          await connection?.read().catch(() => {});
          connection?.close();
        };
        void tick();
      },
    });
  }
  playScript(world, randomScript({ seed, hosts, durationMs: 30_000, count: 12 }));
  await world.run(40_000);
  return { hash: world.traceHash, trace: world.trace, received };
}

describe("scripts", () => {
  it("one seed gives one trace, another seed another", async () => {
    const [first, second, other] = [await play(1), await play(1), await play(2)];
    expect(first.trace).toEqual(second.trace);
    expect(first.hash).toBe(second.hash);
    expect(first.received).toBeGreaterThan(100);
    expect(other.hash).not.toBe(first.hash);
  });

  it("one seed gives one trace on every runtime", async () => {
    // If you change the simulator's arithmetic or order, these change; all runtimes must agree on
    // the new ones.
    expect([(await play(1)).hash, (await play(42)).hash]).toEqual(["16e37278", "6107d4f7"]);
  });

  it("a random script repeats by its seed, ends whole, and prints as one line per step", () => {
    const options = { seed: 5, hosts, durationMs: 10_000, count: 50 };
    const script = randomScript(options);
    expect(randomScript(options)).toEqual(script);
    expect(JSON.parse(JSON.stringify(script))).toEqual(script);
    const down = new Set<string>();
    for (const step of script) {
      if (step.do === "crash" || step.do === "powerOff") down.add(step.host);
      if (step.do === "restart") down.delete(step.host);
      expect(step.at).toBeLessThanOrEqual(10_000);
      expect(describeStep(step)).toMatch(/^\d+ ms: \w+/);
    }
    expect(new Set(script.map((step) => step.do)).size).toBeGreaterThanOrEqual(8);
    expect([...down]).toEqual([]);
  });

  it("a random script moves hosts to the addresses that are free, each once", () => {
    const leases = ["10.0.1.1", "10.0.1.2", "10.0.1.3"];
    const options = { seed: 5, hosts, durationMs: 10_000, count: 5 };
    const script = randomScript({ ...options, leases });
    const moves = script.filter((step) => step.do === "move");
    expect(moves.map(({ address }) => address).sort()).toEqual(leases);
    expect(describeStep(moves[0]!)).toMatch(/^\d+ ms: move n\d 10\.0\.1\.\d$/);
    const others = script.filter((step) =>
      randomScript(options).some((other) => describeStep(step) === describeStep(other)),
    );
    expect(others.map(describeStep)).toEqual(expect.arrayContaining(randomScript(options).map(describeStep)));
  });

  it("delivers nothing to a host that has another address now, whatever is bound there", async () => {
    const world = new World({ seed: 1, network: { latencyMs: [10, 10] }, trace: true });
    const received: string[] = [];
    const program = async (runtime: Runtime): Promise<void> => {
      const handler = {
        packet: (_from: unknown, bytes: Uint8Array) => void received.push(String(bytes[0])),
        sendFailed: () => {},
      };
      await runtime.datagrams.bind({ host: "", port: 7946 }, handler);
    };
    const runtime = world.addHost("n1", "10.0.0.1");
    world.addHost("n2", "10.0.0.2", { program });
    await world.run(1);
    const socket = await world.settle(
      runtime.datagrams.bind({ host: "", port: 7946 }, { packet: () => {}, sendFailed: () => {} }),
    );
    socket.send({ host: "10.0.0.2", port: 7946 }, Uint8Array.of(1));
    await world.run(20);
    socket.send({ host: "10.0.0.2", port: 7946 }, Uint8Array.of(2));
    playScript(world, [{ at: 5, do: "move", host: "n2", address: "10.0.1.2" }]);
    await world.run(20);
    socket.send({ host: "10.0.1.2", port: 7946 }, Uint8Array.of(3));
    const dialled = runtime.streams.connect({ host: "10.0.0.2", port: 7946 }, { timeoutMs: 300 });
    await expect(world.settle(dialled)).rejects.toThrow("no answer in time");
    expect(received).toEqual(["1", "3"]);
    expect(world.trace).toContain("26 move n2 10.0.1.2");
  });

  it("steps happen at their time", async () => {
    const world = new World({ seed: 1, trace: true });
    for (const [index, name] of hosts.entries()) world.addHost(name, `10.0.0.${index + 1}`);
    const script: Step[] = [
      { at: 10, do: "partition", groups: [["n1", "n2"], ["n3"]] },
      { at: 20, do: "crash", host: "n4" },
      { at: 30, do: "heal" },
      { at: 40, do: "latency", least: 5, most: 50 },
    ];
    playScript(world, script);
    await world.run(15);
    expect([world.network.reaches("n1", "n2"), world.network.reaches("n1", "n3")]).toEqual([true, false]);
    await world.run(100);
    expect(world.network.reaches("n1", "n3")).toBe(true);
    expect(world.trace).toEqual([
      "10 10 ms: partition {n1,n2}|{n3}",
      "20 crash n4",
      "30 30 ms: heal",
      "40 40 ms: latency 5 50",
    ]);
  });
});

describe("the seeded generator", () => {
  it("draws every value about equally often, and never outside its range", () => {
    const random = new SeededRandom(9, "test");
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[random.below(10)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(random.between(5, 5)).toBe(5);
    expect(random.chance(0)).toBe(false);
  });

  it("gives other names independent streams", () => {
    expect(new SeededRandom(1, "a").next()).not.toBe(new SeededRandom(1, "b").next());
  });
});
