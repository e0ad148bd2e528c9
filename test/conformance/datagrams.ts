/** UDP: what {@link Datagrams} promises. */
import { describe, expect, it } from "vitest";
import type { Address, DatagramSocket, Runtime, SystemError } from "../../src/runtime.ts";
import { lacks } from "../machine/here.ts";
import { checks, expectFailure, type OpenSubject, pattern, pause, type Subject, until } from "./suite.ts";

/** A socket and what it reported. */
export interface Inbox {
  readonly socket: DatagramSocket;
  readonly packets: { from: Address; bytes: Uint8Array }[];
  readonly failures: { to: Address; error: SystemError }[];
}

/** Opens a socket. */
export async function open(runtime: Runtime, host: string, port = 0): Promise<Inbox> {
  const packets: Inbox["packets"] = [];
  const failures: Inbox["failures"] = [];
  const socket = await runtime.datagrams.bind(
    { host, port },
    {
      packet: (from, bytes) => {
        expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
        packets.push({ from, bytes: bytes.slice() });
      },
      sendFailed: (to, error) => failures.push({ to, error }),
    },
  );
  return { socket, packets, failures };
}

/** Closes sockets. */
export async function closeAll(...boxes: Inbox[]): Promise<void> {
  await Promise.all(boxes.map(({ socket }) => socket.close()));
}

/** Declares the tests. */
export function datagrams(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("datagrams", () => {
    check("arrive whole, with the sender's address, from every family", async ({ runtime, peer, routes }) => {
      for (const { host, peerHost } of routes) {
        const a = await open(runtime, host);
        const b = await open(peer, peerHost);
        expect(a.socket.local.host).toBe(host);
        expect(a.socket.local.port).toBeGreaterThan(0);
        const bytes = pattern(1_400);
        a.socket.send(b.socket.local, bytes);
        await until(runtime, "the datagram", () => b.packets.length === 1);
        expect(b.packets).toEqual([{ from: a.socket.local, bytes }]);
        b.socket.send(b.packets[0]!.from, Uint8Array.of(1));
        await until(runtime, "the answer", () => a.packets.length === 1);
        expect(a.packets).toEqual([{ from: b.socket.local, bytes: Uint8Array.of(1) }]);
        await closeAll(a, b);
      }
    });

    check("may be empty or as large as UDP allows", async ({ runtime, peer, routes }) => {
      const { host, peerHost } = routes[0]!;
      const a = await open(runtime, host);
      const b = await open(peer, peerHost);
      a.socket.send(b.socket.local, new Uint8Array(0));
      a.socket.send(b.socket.local, pattern(65_507));
      await until(runtime, "both datagrams", () => b.packets.length === 2);
      expect(b.packets.map(({ bytes }) => bytes)).toEqual([new Uint8Array(0), pattern(65_507)]);
      await closeAll(a, b);
    });

    check("sent in one go arrive in order", async ({ runtime, peer, routes }) => {
      const { host, peerHost } = routes[0]!;
      const a = await open(runtime, host);
      const b = await open(peer, peerHost);
      const count = 100;
      for (let index = 0; index < count; index += 1) a.socket.send(b.socket.local, Uint8Array.of(index));
      await until(runtime, "all datagrams", () => b.packets.length === count);
      expect(b.packets.map(({ bytes }) => bytes[0])).toEqual(
        Array.from({ length: count }, (_, index) => index),
      );
      expect(a.socket.dropped).toBe(0);
      await closeAll(a, b);
    });

    check("queued when the socket closes are still sent", async ({ runtime, peer, routes }) => {
      const { host, peerHost } = routes[0]!;
      const a = await open(runtime, host);
      const b = await open(peer, peerHost);
      for (let index = 0; index < 20; index += 1) a.socket.send(b.socket.local, Uint8Array.of(index));
      await a.socket.close();
      await until(runtime, "all datagrams", () => b.packets.length === 20);
      await closeAll(b);
    });

    check(
      "that wait for the system are bounded, and dropped ones are counted",
      async ({ runtime, routes }) => {
        const a = await open(runtime, routes[0]!.host);
        const b = await open(runtime, routes[0]!.host);
        const bytes = pattern(60_000);
        for (let index = 0; index < 1_000; index += 1) a.socket.send(b.socket.local, bytes);
        await pause(runtime, 200);
        // The system took them at once, or they were dropped here; they are not kept.
        expect(b.packets.length + a.socket.dropped).toBeLessThanOrEqual(1_000);
        a.packets.length = b.packets.length = 0;
        a.socket.send(b.socket.local, Uint8Array.of(7));
        await until(runtime, "a later datagram", () => b.packets.some(({ bytes }) => bytes.length === 1));
        await closeAll(a, b);
      },
    );

    check("too large for UDP are reported, and the socket keeps working", async ({ runtime, routes }) => {
      const { host } = routes[0]!;
      const a = await open(runtime, host);
      a.socket.send(a.socket.local, new Uint8Array(70_000));
      expect(a.failures).toEqual([]);
      await until(runtime, "the failure", () => a.failures.length === 1);
      expect(a.failures[0]!.to).toEqual(a.socket.local);
      expect(a.failures[0]!.error).toMatchObject({ code: "EMSGSIZE", operation: "send" });
      a.socket.send(a.socket.local, Uint8Array.of(1));
      await until(runtime, "a datagram to itself", () => a.packets.length === 1);
      await closeAll(a);
    });

    check("to a port without a listener do no harm", async ({ runtime, peer, routes }) => {
      for (const { host, peerHost } of routes) {
        const a = await open(runtime, host);
        const gone = await open(peer, peerHost);
        const b = await open(peer, peerHost);
        await closeAll(gone);
        for (let index = 0; index < 10; index += 1) {
          a.socket.send(gone.socket.local, Uint8Array.of(0));
          await pause(runtime, 5);
          a.socket.send(b.socket.local, Uint8Array.of(index));
        }
        await until(runtime, "the other datagrams", () => b.packets.length === 10);
        b.socket.send(a.socket.local, Uint8Array.of(1));
        await until(runtime, "the answer", () => a.packets.length === 1);
        await closeAll(a, b);
      }
    });

    check("cannot be received on a port that is taken", async ({ runtime, routes }) => {
      const a = await open(runtime, routes[0]!.host);
      await expectFailure(open(runtime, a.socket.local.host, a.socket.local.port), "EADDRINUSE");
      await closeAll(a);
      const again = await open(runtime, a.socket.local.host, a.socket.local.port);
      await closeAll(again);
    });

    check("cannot be received on an address of another host", async ({ runtime }) => {
      const error = await expectFailure(open(runtime, "203.0.113.77"), "EADDRNOTAVAIL");
      expect(error.operation).toBe("bind");
      await expectFailure(open(runtime, "2001:db8::77"), "EADDRNOTAVAIL");
    });

    check("are neither received nor sent after the socket closed", async ({ runtime, routes }) => {
      const { host } = routes[0]!;
      const a = await open(runtime, host);
      const b = await open(runtime, host);
      b.socket.send(a.socket.local, Uint8Array.of(1));
      const closed = a.socket.close();
      a.socket.send(b.socket.local, Uint8Array.of(2));
      await closed;
      await a.socket.close();
      await pause(runtime, 50);
      expect([a.packets, a.failures, b.packets]).toEqual([[], [], []]);
      await closeAll(b);
    });
  });
}

/** Sockets of both families at once; needs a system with IPv6. */
export function dualStackDatagrams(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe.skipIf(lacks("ipv6"))("wildcard datagrams", () => {
    for (const wildcard of ["0.0.0.0", "::", ""]) {
      check(`bound to "${wildcard}" use both families, with IPv4 as dotted quad`, async ({ runtime }) => {
        const a = await open(runtime, wildcard);
        expect(a.socket.local.host).toBe("::");
        for (const host of ["127.0.0.1", "::1"]) {
          const b = await open(runtime, host);
          a.socket.send(b.socket.local, Uint8Array.of(1));
          await until(runtime, "the datagram", () => b.packets.length === 1);
          expect(b.packets[0]!.from).toEqual({ host, port: a.socket.local.port });
          b.socket.send({ host, port: a.socket.local.port }, Uint8Array.of(2));
          await until(runtime, "the answer", () => a.packets.length === 1);
          expect(a.packets).toEqual([{ from: b.socket.local, bytes: Uint8Array.of(2) }]);
          a.packets.length = 0;
          await closeAll(b);
        }
        await closeAll(a);
      });
    }

    check("from an IPv4 socket to IPv6 are reported as failed", async ({ runtime }: Subject) => {
      const a = await open(runtime, "127.0.0.1");
      a.socket.send({ host: "::1", port: a.socket.local.port }, Uint8Array.of(1));
      await until(runtime, "the failure", () => a.failures.length === 1);
      expect(a.failures[0]!.to.host).toBe("::1");
      await closeAll(a);
    });
  });
  it.skipIf(lacks("ipv6"))("::1 is among the interfaces if it can be bound", async () => {
    const subject = await openSubject();
    const addresses = subject.runtime.host.interfaces().map(({ address }) => address);
    await subject.close();
    expect(addresses).toContain("::1");
  });
}
