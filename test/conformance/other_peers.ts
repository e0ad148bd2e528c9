/**
 * TCP with peers that do what a {@link Connection} cannot: that end only their own direction, reset
 * the connection, or are gone before it is accepted.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { describe, expect } from "vitest";
import type { Connection, Runtime } from "../../src/runtime.ts";
import { pathOf } from "../machine/here.ts";
import { checks, expectFailure, type OpenSubject, pattern, pause, until } from "./suite.ts";

const host = "127.0.0.1";

interface Meeting {
  readonly connection: Connection;
  readonly peer: Socket;
  close(): Promise<void>;
}

/** Accepts a connection of a peer. */
async function accepted(runtime: Runtime): Promise<Meeting> {
  const connections: Connection[] = [];
  const listener = await runtime.streams.listen({ host, port: 0 }, (connection) => {
    connections.push(connection);
  });
  const peer = connect({ host, port: listener.local.port, allowHalfOpen: true });
  await until(runtime, "the connection", () => connections.length === 1);
  return { connection: connections[0]!, peer, close: () => listener.close() };
}

/** Dials a peer. */
async function dialled(runtime: Runtime): Promise<Meeting> {
  const server = createServer({ allowHalfOpen: true }).listen(0, host);
  const meeting = once(server, "connection") as Promise<[Socket]>;
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const connection = await runtime.streams.connect({ host, port });
  const [peer] = await meeting;
  return { connection, peer, close: async () => void server.close() };
}

/** Declares the tests. */
export function otherPeers(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  for (const [meet, end] of [
    [dialled, "dialled"],
    [accepted, "accepted"],
  ] as const) {
    describe(`streams to other peers, at the end that ${end}`, () => {
      check("carry bytes to a peer that has ended its direction", async ({ runtime }) => {
        const { connection, peer, close } = await meet(runtime);
        peer.end(Uint8Array.of(1, 2));
        expect(await connection.read()).toEqual(Uint8Array.of(1, 2));
        expect(await connection.read()).toBeNull();
        await pause(runtime, 50);
        const bytes = pattern(300_000);
        const written = connection.write(bytes).then(() => connection.close());
        const chunks: Uint8Array[] = [];
        for await (const chunk of peer) chunks.push(chunk);
        expect(Buffer.compare(Buffer.concat(chunks), bytes)).toBe(0);
        await written;
        await close();
      });

      check("fail when the peer resets them", async ({ runtime }) => {
        const { connection, peer, close } = await meet(runtime);
        peer.on("error", () => {});
        const pending = connection.read();
        peer.resetAndDestroy();
        await expectFailure(pending, "ECONNRESET");
        await expectFailure(connection.write(Uint8Array.of(1)), "ECONNRESET", "EPIPE");
        connection.close();
        await close();
      });
    });
  }

  describe("streams to other peers", () => {
    check("of which one is gone before it is accepted do not stop the listener", async ({ runtime }) => {
      const connections: Connection[] = [];
      const listener = await runtime.streams.listen({ host, port: 0 }, (connection) => {
        connections.push(connection);
      });
      const { port } = listener.local;
      // This process stands still meanwhile.
      const script = `const s = require("node:net").connect(${port}, "${host}", () => s.resetAndDestroy())`;
      execFileSync(pathOf("node"), ["-e", script]);
      const near = await runtime.streams.connect(listener.local);
      await near.write(Uint8Array.of(3));
      const addressed = (): Connection | undefined =>
        connections.find(({ remote }) => remote.port === near.local.port);
      await until(runtime, "the other connection", () => addressed() !== undefined);
      expect(await addressed()!.read()).toEqual(Uint8Array.of(3));
      for (const connection of connections) {
        expect(connection.remote.host).toBe(host);
        connection.close();
      }
      near.close();
      await listener.close();
    });
  });
}
