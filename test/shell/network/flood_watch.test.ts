/** When a flood begins and ends, and whom it reserves buffers for. */
import { expect, test } from "vitest";
import { World } from "../../../runtimes/sim/mod.ts";
import type { Address } from "../../../src/runtime.ts";
import {
  FloodWatch,
  floodCount,
  intervalMs,
  quietMs,
  reservedMax,
} from "../../../src/shell/network/flood_watch.ts";

const from: Address = { host: "10.9.9.9", port: 1 };
const garbage = new Uint8Array(3);
const member = (port: number): Address => ({ host: "10.0.0.1", port });

/** A watch over a socket that writes down what it gets. */
class Watched {
  readonly world: World = new World({ seed: 1 });
  readonly reserved: (readonly Address[])[] = [];
  readonly lines: string[] = [];
  members: readonly Address[] = [member(1)];
  received = 0;
  readonly watch: FloodWatch;
  readonly #receive: (from: Address, bytes: Uint8Array) => void;

  constructor({ reserves = true }: { readonly reserves?: boolean } = {}) {
    const { clock } = this.world.addHost("a", "10.0.0.2");
    const socket = reserves ? { reserve: (peers: readonly Address[]) => void this.reserved.push(peers) } : {};
    this.watch = new FloodWatch(clock, socket, {
      peers: (countMax) => {
        expect(countMax).toBe(reservedMax);
        return this.members;
      },
      log: (level, text) => void this.lines.push(`${level} ${text}`),
    });
    this.#receive = this.watch.counted((sender, bytes) => {
      if (sender === from && bytes === garbage) this.received += 1;
    });
  }

  /** Receives datagrams for some seconds, evenly. */
  async receive(perSecond: number, seconds = 1): Promise<void> {
    for (let step = 0; step < 10 * seconds; step++) {
      for (let index = 0; index < perSecond / 10; index++) this.#receive(from, garbage);
      await this.world.run(intervalMs / 10);
    }
  }
}

test("datagrams pass, and fewer than a flood change nothing, however long they come", async () => {
  const watched = new Watched();
  await watched.receive(0.9 * floodCount, 20);
  expect(watched.received).toBe(18 * floodCount);
  await watched.receive(0, 100);
  expect([watched.reserved, watched.lines]).toEqual([[], []]);
});

test("a flood reserves buffers for the members of each second, until a minute after it", async () => {
  const watched = new Watched();
  await watched.receive(0, 1_000);
  // The first count may have begun long before.
  await watched.receive(2 * floodCount, 2);
  expect(watched.reserved.length).toBeGreaterThan(0);
  expect(watched.reserved.at(-1)).toEqual([member(1)]);
  watched.members = [member(1), member(2)];
  await watched.receive(2 * floodCount, 1);
  expect(watched.reserved.at(-1)).toEqual([member(1), member(2)]);
  await watched.receive(0.5 * floodCount, quietMs / 1_000 - 2);
  expect(watched.reserved.at(-1)).toEqual([member(1), member(2)]);
  await watched.receive(0.5 * floodCount, 3);
  expect(watched.reserved.at(-1)).toEqual([]);
  expect(watched.lines).toMatchInlineSnapshot(`
    [
      "WARN Flood on the gossip port: 10001 datagrams within 500 ms; members get receive buffers of their own until it ends",
      "INFO The flood on the gossip port is over: 349999 datagrams in 62 s",
    ]
  `);
  const { length } = watched.reserved;
  await watched.receive(100, 100);
  expect(watched.reserved).toHaveLength(length);
});

test("a flood that swells and ebbs is one flood", async () => {
  const watched = new Watched();
  for (let wave = 0; wave < 4; wave++) {
    await watched.receive(3 * floodCount);
    await watched.receive(10, 40);
  }
  expect(watched.lines).toHaveLength(1);
  await watched.receive(10, 30);
  expect(watched.lines).toHaveLength(2);
  await watched.receive(3 * floodCount, 2);
  expect(watched.lines).toHaveLength(3);
});

test("a socket that cannot reserve buffers is watched too, and the log names the consequence", async () => {
  const watched = new Watched({ reserves: false });
  await watched.receive(3 * floodCount, 2);
  expect(watched.lines).toMatchInlineSnapshot(`
    [
      "WARN Flood on the gossip port: 10001 datagrams within 300 ms; datagrams of members may get lost until it ends",
    ]
  `);
});

test("a watch that was stopped does nothing", async () => {
  const watched = new Watched();
  await watched.receive(3 * floodCount);
  const { length } = watched.reserved;
  watched.watch.stop();
  await watched.receive(3 * floodCount, 100);
  expect([watched.reserved.length, watched.lines.length]).toEqual([length, 1]);
  const early = new Watched();
  early.watch.stop();
  await early.receive(3 * floodCount, 2);
  expect([early.reserved, early.lines]).toEqual([[], []]);
});
