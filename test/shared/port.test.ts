/** The sockets of one port, on a system that refuses what the test wants refused. */
import { expect, it } from "vitest";
import { Port, type PortSocketOptions } from "../../runtimes/shared/port.ts";
import type { Address } from "../../src/runtime.ts";

const peer = (port: number): Address => ({ host: "10.0.0.9", port });

/** A system with one port. */
class FakeSystem {
  /** What was done, in order. */
  readonly done: string[] = [];
  readonly sockets: { name: string }[] = [];
  /** Returns whether the system refuses to open a socket. */
  refuses: (name: string) => boolean = () => false;
  /** The code of the refusal. */
  code = "EADDRINUSE";
  readonly port: Port<{ name: string }>;

  constructor() {
    this.port = new Port({
      open: async (options) => {
        const name = nameOf(options);
        if (this.refuses(name)) throw Object.assign(new Error(`cannot open ${name}`), { code: this.code });
        this.done.push(`open ${name}`);
        const socket = { name };
        this.sockets.push(socket);
        return socket;
      },
      close: ({ name }) => void this.done.push(`close ${name}`),
      idle: async () => void this.done.push("idle"),
      reopened: () => void this.done.push("reopened"),
    });
  }

  /** Opens a port and reserves buffers for these peers. */
  static async reserving(...peers: Address[]): Promise<FakeSystem> {
    const system = new FakeSystem();
    await system.port.open();
    system.port.reserve(peers);
    await wait(10);
    system.done.length = 0;
    return system;
  }
}

function nameOf({ shared, peer: to }: PortSocketOptions): string {
  return to === undefined ? (shared ? "shared" : "exclusive") : `for ${to.port}`;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it("a port is shared only while buffers are reserved", async () => {
  const system = new FakeSystem();
  await system.port.open();
  system.port.reserve([peer(1), peer(2)]);
  expect(system.port.common).toBeUndefined();
  await wait(10);
  expect(system.port.common).toEqual({ name: "shared" });
  system.port.reserve([peer(2), peer(3)]);
  await wait(10);
  system.port.reserve([]);
  await wait(10);
  expect(system.done).toEqual([
    "open exclusive",
    ...["idle", "close exclusive", "open shared", "reopened", "open for 1", "open for 2"],
    ...["close for 1", "open for 3"],
    ...["close for 2", "close for 3", "idle", "close shared", "open exclusive", "reopened"],
  ]);
});

it("a peer whose buffer is refused gets one at a later call", async () => {
  const system = new FakeSystem();
  await system.port.open();
  system.refuses = (name) => name === "for 1";
  system.port.reserve([peer(1), peer(2)]);
  await wait(10);
  expect(system.done.slice(-1)).toEqual(["open for 2"]);
  system.refuses = () => false;
  system.port.reserve([peer(1), peer(2)]);
  await wait(10);
  expect(system.done.slice(-2)).toEqual(["open for 2", "open for 1"]);
});

it("when file descriptors run out, half of those for peers are given back", async () => {
  const system = new FakeSystem();
  await system.port.open();
  system.code = "EMFILE";
  let open = 0;
  system.refuses = (name) => name.startsWith("for") && ++open > 6;
  const peers = Array.from({ length: 10 }, (_, index) => peer(index));
  system.port.reserve(peers);
  await wait(10);
  expect(system.done.slice(-9).join(", ")).toBe(
    "open for 0, open for 1, open for 2, open for 3, open for 4, open for 5, close for 3, close for 4, close for 5",
  );
  system.done.length = 0;
  system.refuses = () => false;
  system.port.reserve(peers);
  await wait(10);
  expect(system.done).toEqual([]);
  // The next flood may find more of them.
  system.port.reserve([]);
  system.port.reserve([]);
  await wait(10);
  system.port.reserve(peers);
  await wait(10);
  expect(system.done.slice(-1)).toEqual(["open for 9"]);
});

it("a port that cannot be opened is tried again", async () => {
  const system = new FakeSystem();
  await system.port.open();
  system.refuses = () => true;
  system.port.reserve([peer(1)]);
  await wait(10);
  expect(system.port.common).toBeUndefined();
  system.refuses = () => false;
  await wait(200);
  expect(system.port.common).toEqual({ name: "shared" });
  expect(system.done.slice(-1)).toEqual(["open for 1"]);
});

it("a port that another program is bound to stays shared until that has gone", async () => {
  const system = await FakeSystem.reserving(peer(1));
  system.refuses = (name) => name === "exclusive";
  system.port.reserve([]);
  await wait(150);
  expect(system.port.common).toEqual({ name: "shared" });
  system.refuses = () => false;
  await wait(200);
  expect(system.port.common).toEqual({ name: "exclusive" });
});

it("a socket that is replaced is closed at once and opened again", async () => {
  const system = new FakeSystem();
  const common = await system.port.open();
  system.port.renew(common);
  expect(system.port.common).toBeUndefined();
  await wait(10);
  expect(system.port.common).toBeDefined();
  expect(system.done).toEqual(["open exclusive", "close exclusive", "idle", "open exclusive", "reopened"]);
});

it("the socket of a peer is replaced alone", async () => {
  const system = await FakeSystem.reserving(peer(1), peer(2));
  system.port.renew(system.sockets.find(({ name }) => name === "for 1")!);
  await wait(10);
  expect(system.done).toEqual(["close for 1", "open for 1"]);
});

it("closing ends everything, also in the middle of a change", async () => {
  const system = await FakeSystem.reserving(peer(1));
  await system.port.close();
  expect(system.done).toEqual(["idle", "close for 1", "close shared"]);

  const failing = await FakeSystem.reserving(peer(1));
  failing.refuses = () => true;
  failing.port.reserve([]);
  await failing.port.close();
  await wait(150);
  expect(failing.done).toEqual(["close for 1", "idle", "close shared", "idle"]);
});
