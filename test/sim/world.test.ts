import { describe, expect, it } from "vitest";
import { type LinkConditions, World } from "../../runtimes/sim/mod.ts";
import type { Address, Connection, DatagramSocket, Runtime } from "../../src/runtime.ts";

interface Node {
  readonly name: string;
  readonly received: { at: number; from: Address; byte: number }[];
  socket: DatagramSocket | undefined;
  runtime: Runtime;
  starts: number;
}

/** Hosts n1, n2, … at 10.0.0.1, 10.0.0.2, …, each with a socket on port 7946. */
function cluster(
  count: number,
  network: Partial<LinkConditions> = {},
  seed = 1,
): { world: World; nodes: Node[] } {
  const world = new World({ seed, network, trace: true });
  const nodes: Node[] = [];
  for (let number = 1; number <= count; number += 1) {
    const name = `n${number}`;
    const node: Node = { name, received: [], socket: undefined, runtime: undefined!, starts: 0 };
    nodes.push(node);
    world.addHost(name, `10.0.0.${number}`, {
      program: (runtime) => {
        node.runtime = runtime;
        node.starts += 1;
        void runtime.datagrams
          .bind(
            { host: "", port: 7946 },
            {
              packet: (from, bytes) => node.received.push({ at: world.now, from, byte: bytes[0]! }),
              sendFailed: () => {},
            },
          )
          .then((socket) => {
            node.socket = socket;
          });
      },
    });
  }
  return { world, nodes };
}

function send(from: Node, to: Node, byte: number): void {
  const host = `10.0.0.${to.name.slice(1)}`;
  from.socket!.send({ host, port: 7946 }, Uint8Array.of(byte));
}

describe("a world", () => {
  it("passes only virtual time, and all of it", async () => {
    const { world, nodes } = cluster(1);
    const fired: number[] = [];
    nodes[0]!.runtime.clock.after(86_400_000, () => fired.push(world.now));
    await world.run(86_399_999);
    expect([world.now, fired]).toEqual([86_399_999, []]);
    await world.run(1);
    expect(fired).toEqual([86_400_000]);
  });

  it("runs promise chains of any length before time advances", async () => {
    const { world, nodes } = cluster(1);
    const ends: number[] = [];
    const { clock } = nodes[0]!.runtime;
    clock.after(10, async () => {
      for (let turn = 0; turn < 10_000; turn += 1) await null;
      ends.push(clock.now());
    });
    clock.after(11, () => ends.push(clock.now()));
    await world.run(20);
    expect(ends).toEqual([10, 11]);
  });

  it("throws if nothing will ever happen, or not in time", async () => {
    const { world, nodes } = cluster(1);
    await world.run(0);
    await expect(world.settle(new Promise(() => {}))).rejects.toThrow("there are no events left");
    const late = new Promise<void>((resolve) => nodes[0]!.runtime.clock.after(5_000, resolve));
    await expect(world.settle(late, 1_000)).rejects.toThrow("within 1000 ms");
    await world.settle(late);
    expect(world.now).toBe(5_000);
  });

  it("delivers datagrams after the latency of the network, from the sender's address", async () => {
    const { world, nodes } = cluster(2, { latencyMs: [7, 7] });
    const [a, b] = nodes as [Node, Node];
    await world.run(10);
    send(a, b, 5);
    await world.run(100);
    expect(b.received).toEqual([{ at: 17, from: { host: "10.0.0.1", port: 7946 }, byte: 5 }]);
  });

  it("loses, duplicates and reorders as many datagrams as configured", async () => {
    const { world, nodes } = cluster(2, { latencyMs: [1, 50], loss: 0.2, duplication: 0.1 });
    const [a, b] = nodes as [Node, Node];
    await world.run(1);
    for (let count = 0; count < 2_000; count += 1) send(a, b, count & 0xff);
    await world.run(100);
    expect(b.received.length).toBeGreaterThan(2_000 * 0.8 * 1.05);
    expect(b.received.length).toBeLessThan(2_000 * 0.8 * 1.15);
    const inOrder = b.received.filter(({ byte }, index) => byte === (index & 0xff)).length;
    expect(inOrder).toBeLessThan(200);
  });

  it("can cut one direction alone, split groups, and heal", async () => {
    const { world, nodes } = cluster(3);
    const [a, b, c] = nodes as [Node, Node, Node];
    await world.run(1);
    world.network.cut("n1", "n2");
    send(a, b, 1);
    send(b, a, 2);
    await world.run(10);
    expect([a.received.length, b.received.length]).toEqual([1, 0]);
    world.network.heal();
    world.network.partition([["n1", "n2"]]);
    send(a, b, 3);
    send(a, c, 4);
    send(c, b, 5);
    await world.run(10);
    expect([b.received.map(({ byte }) => byte), c.received]).toEqual([[3], []]);
    world.network.heal();
    send(a, c, 6);
    await world.run(10);
    expect(c.received.map(({ byte }) => byte)).toEqual([6]);
  });

  it("loses what is in transit when it cuts", async () => {
    const { world, nodes } = cluster(2, { latencyMs: [10, 10] });
    const [a, b] = nodes as [Node, Node];
    await world.run(1);
    send(a, b, 1);
    await world.run(5);
    world.network.cut("n1", "n2");
    await world.run(5);
    world.network.heal();
    await world.run(50);
    expect(b.received).toEqual([]);
  });

  it("can give a link its own conditions", async () => {
    const { world, nodes } = cluster(3);
    const [a, b, c] = nodes as [Node, Node, Node];
    await world.run(1);
    world.network.shapeLink("n1", "n2", { latencyMs: [500, 500] });
    send(a, b, 1);
    send(a, c, 1);
    send(b, a, 1);
    await world.run(1_000);
    expect([a, b, c].map(({ received }) => received[0]!.at)).toEqual([2, 501, 2]);
  });

  it("silences a crashed program's timers and sockets, and restarts it on the same disk", async () => {
    const { world, nodes } = cluster(2);
    const [a, b] = nodes as [Node, Node];
    await world.run(1);
    const { clock, files } = b.runtime;
    const ticks: number[] = [];
    clock.after(100, () => ticks.push(world.now));
    await world.settle(files.replace("/data/id", Uint8Array.of(7), 0o600));
    const never = files.read("/data/id").then(() => ticks.push(-1));
    world.crash("n2");
    send(a, b, 1);
    await world.run(1_000);
    expect([ticks, b.received, b.starts]).toEqual([[], [], 1]);
    world.restart("n2");
    await world.run(1);
    expect(b.starts).toBe(2);
    expect(await world.settle(b.runtime.files.read("/data/id"))).toEqual(Uint8Array.of(7));
    send(a, b, 2);
    await world.run(10);
    expect(b.received.map(({ byte }) => byte)).toEqual([2]);
    expect(ticks).toEqual([]);
    void never;
  });

  it("delivers everything late and in order to a paused program", async () => {
    const { world, nodes } = cluster(2);
    const [a, b] = nodes as [Node, Node];
    await world.run(1);
    world.pause("n2");
    for (const byte of [1, 2, 3]) send(a, b, byte);
    await world.run(5_000);
    expect(b.received).toEqual([]);
    world.resume("n2");
    await world.run(0);
    expect(b.received.map(({ byte, at }) => [byte, at])).toEqual([
      [1, 5_001],
      [2, 5_001],
      [3, 5_001],
    ]);
  });

  it("lets a wildcard socket receive on every address of its host, with the peer's family", async () => {
    const world = new World({ seed: 1 });
    const a = world.addHost("a", ["10.0.0.1", "fd00::1"]);
    const b = world.addHost("b", ["10.0.0.2", "fd00::2"]);
    const seen: string[] = [];
    const handler = { packet: (from: Address) => seen.push(from.host), sendFailed: () => {} };
    const receiver = await world.settle(b.datagrams.bind({ host: "0.0.0.0", port: 7946 }, handler));
    expect(receiver.local).toEqual({ host: "::", port: 7946 });
    const sender = await world.settle(a.datagrams.bind({ host: "", port: 0 }, handler));
    sender.send({ host: "10.0.0.2", port: 7946 }, Uint8Array.of(1));
    sender.send({ host: "fd00::2", port: 7946 }, Uint8Array.of(1));
    sender.send({ host: "127.0.0.1", port: sender.local.port }, Uint8Array.of(1));
    await world.run(10);
    expect(seen).toEqual(["127.0.0.1", "10.0.0.1", "fd00::1"]);
  });

  it("delivers signals to a program's listeners, and ends a program without one", async () => {
    const { world, nodes } = cluster(1);
    const { signals, terminal } = nodes[0]!.runtime;
    const heard: string[] = [];
    const cancel = signals.on("SIGTERM", () => heard.push("SIGTERM"));
    world.signal("n1", "SIGTERM");
    world.signal("n1", "SIGHUP");
    await world.settle(terminal.write("still here\n"));
    expect(heard).toEqual(["SIGTERM"]);
    cancel();
    world.signal("n1", "SIGTERM");
    void terminal.write("not any more\n");
    await world.run(10);
    expect(world.output("n1")).toEqual({ stdout: "still here\n", stderr: "", exitCode: undefined });
  });

  it("resolves names to the addresses of their hosts", async () => {
    const { world, nodes } = cluster(2);
    const { host } = nodes[0]!.runtime;
    expect(await world.settle(host.resolve("n2"))).toEqual(["10.0.0.2"]);
    await expect(world.settle(host.resolve("n3"))).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});

describe("streams in a world", () => {
  async function pair(world: World, a: Node, b: Node): Promise<{ near: Connection; far: Connection }> {
    const accepted: Connection[] = [];
    await world.settle(b.runtime.streams.listen({ host: "", port: 80 }, (c) => accepted.push(c)));
    const near = await world.settle(a.runtime.streams.connect({ host: "10.0.0.2", port: 80 }));
    return { near, far: accepted[0]! };
  }

  it("stall during a short cut and lose nothing", async () => {
    const { world, nodes } = cluster(2, { latencyMs: [1, 20], loss: 0.1 });
    const { near, far } = await pair(world, nodes[0]!, nodes[1]!);
    world.network.cut("n1", "n2");
    for (let byte = 0; byte < 20; byte += 1) void near.write(Uint8Array.of(byte));
    const bytes: number[] = [];
    const reading = (async () => {
      while (bytes.length < 20) bytes.push(...(await far.read())!);
    })();
    await world.run(5_000);
    expect(bytes).toEqual([]);
    world.network.heal();
    await world.settle(reading);
    expect(bytes).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it("fail if a cut lasts", async () => {
    const { world, nodes } = cluster(2);
    const { near } = await pair(world, nodes[0]!, nodes[1]!);
    world.network.partition([["n1"]]);
    await world.settle(near.write(Uint8Array.of(1)));
    const read = near.read();
    await expect(world.settle(read)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    expect(world.now).toBeLessThan(20_000);
  });

  it("are reset if their program crashed, but not if its machine lost power", async () => {
    for (const [end, code] of [
      ["crash", "ECONNRESET"],
      ["powerOff", undefined],
    ] as const) {
      const { world, nodes } = cluster(2);
      const { near } = await pair(world, nodes[0]!, nodes[1]!);
      const codes: unknown[] = [];
      near.read().catch((error) => codes.push(error.code));
      world[end]("n2");
      await world.run(10_000);
      expect(codes).toEqual(code ? [code] : []);
    }
  });

  it("to a crashed program are refused, to a machine without power time out", async () => {
    const { world, nodes } = cluster(2);
    const { streams } = nodes[0]!.runtime;
    world.crash("n2");
    const refused = streams.connect({ host: "10.0.0.2", port: 7946 });
    await expect(world.settle(refused)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    world.powerOff("n2");
    const unanswered = streams.connect({ host: "10.0.0.2", port: 7946 });
    await expect(world.settle(unanswered)).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });
});
