/** UDP: receive buffers that are reserved for peers, on the runtimes that can do it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { Address, Runtime } from "../../src/runtime.ts";
import { lacks, pathOf } from "../machine/here.ts";
import { closeAll, type Inbox, open } from "./datagrams.ts";
import { checks, type OpenSubject, pause, until } from "./suite.ts";

/** After this time a stranger ends that nobody has ended. */
const floodMs = 8_000;
/** How long the receiver takes for a datagram of a stranger, so that its common buffer is always full. */
const slowMs = 0.05;

/** Declares the tests; `reserves` is whether the runtime can reserve buffers. */
export function reservedDatagrams(openSubject: OpenSubject, reserves: boolean): void {
  it(`a datagram socket can${reserves ? "" : "not"} reserve receive buffers`, async () => {
    const { runtime, close } = await openSubject();
    const a = await open(runtime, "127.0.0.1");
    expect(a.socket.reserve !== undefined).toBe(reserves);
    await closeAll(a);
    await close();
  });

  const check = checks(openSubject);
  const hosts: readonly (readonly [bound: string, peers: readonly string[]])[] = lacks("ipv6")
    ? [["127.0.0.1", ["127.0.0.1"]]]
    : [
        ["127.0.0.1", ["127.0.0.1"]],
        ["::1", ["::1"]],
        ["::", ["127.0.0.1", "::1"]],
      ];
  describe.skipIf(!reserves)("datagrams with reserved buffers", () => {
    for (const [bound, peerHosts] of hosts) {
      check(`all arrive at ${bound} while a stranger floods it`, async ({ runtime }) => {
        const a = await openSlow(runtime, bound);
        const peers = await Promise.all(peerHosts.map((host) => open(runtime, host)));
        const stranger = await flood({ host: peerHosts[0]!, port: a.socket.local.port });
        try {
          await until(runtime, "the flood", () => a.packets.length > 100);
          a.socket.reserve!(peers.map(({ socket }) => socket.local));
          await pause(runtime, 50);
          const count = 100;
          const before = a.packets.length;
          for (let index = 0; index < count; index++) {
            if (index % 5 === 0) await pause(runtime, 50);
            peers.forEach(({ socket }, place) => {
              socket.send({ host: peerHosts[place]!, port: a.socket.local.port }, Uint8Array.of(index));
            });
          }
          const counts = (): number[] => peers.map((peer) => bytesFrom(a, peer).length);
          await until(runtime, "the last ones", () => counts().every((each) => each === count), 1_000).catch(
            () => undefined,
          );
          expect(counts()).toEqual(peers.map(() => count));
          // A receiver that does nothing else would get here when the stranger has ended.
          expect(stranger.exitCode).toBeNull();
          expect(a.packets.length - before, "the flood goes on").toBeGreaterThan(2 * count * peers.length);
        } finally {
          stranger.kill("SIGKILL");
        }
        await closeAll(a, ...peers);
      });
    }

    check("share the port only while there are such buffers", async ({ runtime, routes }) => {
      for (const { host } of routes) {
        const a = await open(runtime, host);
        const b = await open(runtime, host);
        const { local } = a.socket;
        const port = async (): Promise<string> => await bindShared(local);
        expect(await port()).toBe("EADDRINUSE");
        a.socket.reserve!([b.socket.local]);
        expect(await port()).toBe("bound");
        expect(a.socket.local).toEqual(local);
        a.socket.reserve!([]);
        // The other process may have started with copies of the sockets.
        expect([await port(), await port(), await port()]).toContain("EADDRINUSE");
        expect(await port()).toBe("EADDRINUSE");
        b.socket.send(local, Uint8Array.of(1));
        await until(runtime, "a datagram", () => bytesFrom(a, b).length === 1);
        a.socket.reserve!([b.socket.local]);
        await closeAll(a, b);
        expect(await port()).toBe("bound");
        const again = await open(runtime, host, local.port);
        await closeAll(again);
      }
    });

    check("follow the list of peers", async ({ runtime, routes }) => {
      const { host } = routes[0]!;
      const a = await open(runtime, host);
      const peers = await Promise.all([1, 2, 3].map(() => open(runtime, host)));
      const [b, c, d] = peers.map(({ socket }) => socket.local) as [Address, Address, Address];
      for (const list of [[b], [b, c], [c, d], [], [d], [d, d, b]]) {
        a.socket.reserve!(list);
        await pause(runtime, 20);
        a.packets.length = 0;
        for (const { socket } of peers) socket.send(a.socket.local, Uint8Array.of(1));
        await until(runtime, "one of each", () => a.packets.length === peers.length);
        await pause(runtime, 20);
        expect(a.packets.map(({ from }) => from.port).sort()).toEqual([b.port, c.port, d.port].sort());
      }
      await closeAll(a, ...peers);
    });

    check("lose nothing that is sent meanwhile, and keep its order", async ({ runtime, routes }) => {
      const { host } = routes[0]!;
      const a = await open(runtime, host);
      const b = await open(runtime, host);
      const sent: number[] = [];
      for (let index = 0; index < 200; index++) {
        if (index % 3 === 0) a.socket.reserve!(index % 2 === 0 ? [b.socket.local] : []);
        a.socket.send(b.socket.local, Uint8Array.of(index));
        sent.push(index);
        if (index % 5 === 0) await pause(runtime, 1);
      }
      a.socket.reserve!([]);
      await closeAll(a);
      await until(runtime, "all datagrams", () => b.packets.length >= sent.length);
      expect(b.packets.map(({ bytes }) => bytes[0])).toEqual(sent);
      expect(a.failures).toEqual([]);
      await closeAll(b);
    });

    check("bear peers that are gone or cannot be reached", async ({ runtime, routes }) => {
      for (const { host } of routes) {
        const a = await open(runtime, host);
        const b = await open(runtime, host);
        const gone = await open(runtime, host);
        const peer = gone.socket.local;
        await closeAll(gone);
        const unreachable = { host: host.includes(":") ? "2001:db8::1" : "fd00::1", port: 7 };
        a.socket.reserve!([{ host, port: 0 }, unreachable, peer, b.socket.local]);
        await pause(runtime, 20);
        for (let index = 0; index < 5; index++) {
          a.socket.send(peer, Uint8Array.of(0));
          await pause(runtime, 5);
        }
        const back = await open(runtime, host, peer.port);
        for (const { socket } of [b, back]) socket.send(a.socket.local, Uint8Array.of(1));
        await until(runtime, "one of each", () => a.packets.length === 2);
        await closeAll(a, b, back);
      }
    });
  });
}

/** Opens a socket whose handler is slow, except with datagrams of one byte. */
async function openSlow(runtime: Runtime, host: string): Promise<Inbox> {
  const packets: Inbox["packets"] = [];
  const failures: Inbox["failures"] = [];
  const socket = await runtime.datagrams.bind(
    { host, port: 0 },
    {
      packet: (from, bytes) => {
        packets.push({ from, bytes: bytes.slice() });
        const end = runtime.clock.now() + slowMs;
        while (bytes.length > 1 && runtime.clock.now() < end);
      },
      sendFailed: (to, error) => failures.push({ to, error }),
    },
  );
  return { socket, packets, failures };
}

function bytesFrom(box: Inbox, { socket }: Inbox): number[] {
  return box.packets.filter(({ from }) => from.port === socket.local.port).map(({ bytes }) => bytes[0]!);
}

/** Starts a process that sends garbage as fast as it can, for {@link floodMs}. */
async function flood({ host, port }: Address): Promise<ChildProcess> {
  const script = `
    const socket = require("node:dgram").createSocket("${host.includes(":") ? "udp6" : "udp4"}");
    setTimeout(() => process.exit(), ${floodMs});
    // The port is free for a moment.
    socket.on("error", () => undefined);
    socket.connect(${port}, "${host}", () => {
      process.stdout.write("floods");
      const bytes = Buffer.alloc(100);
      const burst = () => {
        for (let index = 0; index < 50; index++) socket.send(bytes, index < 49 ? undefined : () => setImmediate(burst));
      };
      burst();
    });`;
  const child = spawn(pathOf("node"), ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

/** Tries to bind a port in another process that is willing to share it; returns `bound` or the error. */
async function bindShared({ host, port }: Address): Promise<string> {
  const script = `
    const socket = require("node:dgram").createSocket({ type: "${host.includes(":") ? "udp6" : "udp4"}", reuseAddr: true });
    const end = (text) => { process.stdout.write(text); process.exit(); };
    socket.on("error", ({ code }) => end(code)).bind(${port}, "${host}", () => end("bound"));`;
  return await new Promise((resolve, reject) => {
    execFile(pathOf("node"), ["-e", script], (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}
