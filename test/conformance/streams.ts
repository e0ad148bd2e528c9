/** TCP: what {@link Streams} promises. */
import { describe, expect } from "vitest";
import type { Connection, Listener, Runtime } from "../../src/runtime.ts";
import { lacks } from "../machine/here.ts";
import {
  type Check,
  checks,
  expectFailure,
  type OpenSubject,
  pattern,
  pause,
  type Subject,
  until,
} from "./suite.ts";

interface Pair {
  readonly listener: Listener;
  readonly near: Connection;
  readonly far: Connection;
}

/** A connection from the first host to the peer. */
async function connect({ runtime, peer, routes }: Subject, route = routes[0]!): Promise<Pair> {
  const accepted: Connection[] = [];
  const listener = await peer.streams.listen({ host: route.peerHost, port: 0 }, (connection) => {
    accepted.push(connection);
  });
  const near = await runtime.streams.connect(listener.local, { timeoutMs: 2_000 });
  await until(runtime, "the accepted connection", () => accepted.length === 1);
  return { listener, near, far: accepted[0]! };
}

async function closeAll({ listener, near, far }: Pair): Promise<void> {
  near.close();
  far.close();
  await listener.close();
}

async function readAll(connection: Connection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = await connection.read();
    if (chunk === null) break;
    expect(Object.getPrototypeOf(chunk)).toBe(Uint8Array.prototype);
    expect(chunk.length).toBeGreaterThan(0);
    expect(chunk.length).toBeLessThanOrEqual(65_536);
    chunks.push(chunk);
  }
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.length;
  }
  return all;
}

/** Declares the tests. */
export function streams(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe("streams, at the end that dialled", () => oneEnd(check, connect));
  // The two ends of a connection may be of different classes.
  describe("streams, at the end that accepted", () => {
    oneEnd(check, async (subject) => {
      const { listener, near, far } = await connect(subject);
      return { listener, near: far, far: near };
    });
  });
  describe("streams", () => {
    check("have both addresses and carry bytes both ways, on every family", async (subject) => {
      for (const route of subject.routes) {
        const pair = await connect(subject, route);
        const { near, far, listener } = pair;
        expect(near.remote).toEqual(listener.local);
        expect(far.local).toEqual(listener.local);
        expect(far.remote).toEqual(near.local);
        expect(near.local.host).toBe(route.host);
        await near.write(Uint8Array.of(1, 2, 3));
        expect(await far.read()).toEqual(Uint8Array.of(1, 2, 3));
        await far.write(Uint8Array.of(4));
        expect(await near.read()).toEqual(Uint8Array.of(4));
        await closeAll(pair);
      }
    });

    check("to a port without a listener are refused", async ({ runtime, peer, routes }) => {
      for (const { peerHost } of routes) {
        const listener = await peer.streams.listen({ host: peerHost, port: 0 }, () => {});
        await listener.close();
        const error = await expectFailure(runtime.streams.connect(listener.local), "ECONNREFUSED");
        expect(error.operation).toBe("connect");
      }
    });

    check("fail when the caller aborts", async ({ runtime, peer, routes }) => {
      const listener = await peer.streams.listen({ host: routes[0]!.peerHost, port: 0 }, (c) => c.close());
      const aborted = AbortSignal.abort();
      await expectFailure(runtime.streams.connect(listener.local, { signal: aborted }), "ECANCELED");
      const controller = new AbortController();
      const dialing = expectFailure(
        runtime.streams.connect(listener.local, { signal: controller.signal }),
        "ECANCELED",
      );
      controller.abort();
      await dialing;
      await listener.close();
    });

    check("fail if the peer does not reply in time", async (subject) => {
      const started = subject.runtime.clock.now();
      const attempt = subject.runtime.streams.connect(await subject.silentEndpoint(), { timeoutMs: 300 });
      const error = await expectFailure(attempt, "ETIMEDOUT");
      expect(error.operation).toBe("connect");
      expect(subject.runtime.clock.now() - started).toBeLessThan(3_000);
    });

    check("cannot be accepted on a port that is taken", async ({ runtime, routes }) => {
      const { host } = routes[0]!;
      const listener = await runtime.streams.listen({ host, port: 0 }, () => {});
      const error = await expectFailure(
        runtime.streams.listen(listener.local, () => {}),
        "EADDRINUSE",
      );
      expect(error.operation).toBe("listen");
      await listener.close();
      const again = await runtime.streams.listen(listener.local, () => {});
      await again.close();
    });

    check("cannot be accepted on an address of another host", async ({ runtime }) => {
      const attempt = runtime.streams.listen({ host: "203.0.113.77", port: 0 }, () => {});
      await expectFailure(attempt, "EADDRNOTAVAIL");
    });

    check("stay connected when their listener closes", async (subject) => {
      const pair = await connect(subject);
      await pair.listener.close();
      await pair.listener.close();
      await pair.near.write(Uint8Array.of(5));
      expect(await pair.far.read()).toEqual(Uint8Array.of(5));
      await closeAll(pair);
    });

    check("may be many at once", async ({ runtime, peer, routes }) => {
      const echoing: Promise<void>[] = [];
      const listener = await peer.streams.listen({ host: routes[0]!.peerHost, port: 0 }, (connection) => {
        echoing.push(echo(connection));
      });
      const answers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const connection = await runtime.streams.connect(listener.local);
          await connection.write(Uint8Array.of(index));
          const answer = await connection.read();
          connection.close();
          return answer?.[0];
        }),
      );
      expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => index));
      await Promise.all(echoing);
      await listener.close();
    });
  });
}

/** Declares the tests of one end: that of `open` which is called near. */
function oneEnd(check: Check, open: (subject: Subject) => Promise<Pair>): void {
  check("keep the order of writes that were not awaited", async (subject) => {
    const pair = await open(subject);
    const sizes = [1, 70_000, 3, 0, 200_000, 5];
    const parts = sizes.map((size, index) => pattern(size, index));
    const written = parts.map((part) => pair.near.write(part));
    const reading = readAll(pair.far);
    await Promise.all(written);
    pair.near.close();
    const expected = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    let offset = 0;
    for (const part of parts) {
      expected.set(part, offset);
      offset += part.length;
    }
    expect(Buffer.compare(await reading, expected)).toBe(0);
    await closeAll(pair);
  });

  check("flush what was written before they close", async (subject) => {
    const pair = await open(subject);
    const bytes = pattern(300_000);
    const written = pair.near.write(bytes).catch(() => {});
    pair.near.close();
    expect((await readAll(pair.far)).length).toBe(bytes.length);
    await written;
    expect(await pair.far.read()).toBeNull();
    await closeAll(pair);
  });

  check("keep what was sent for a reader who comes after the peer has closed", async (subject) => {
    const pair = await open(subject);
    // More than systems take at once.
    const bytes = pattern(16_000_000);
    const written = pair.near.write(bytes).catch(() => {});
    pair.near.close();
    await pause(subject.runtime, 200);
    expect(Buffer.compare(await readAll(pair.far), bytes)).toBe(0);
    await written;
    await closeAll(pair);
  });

  check("still carry bytes to a peer whose own side has not ended", async (subject) => {
    const pair = await open(subject);
    const answer = pair.near.read();
    await pair.far.write(Uint8Array.of(9));
    expect(await answer).toEqual(Uint8Array.of(9));
    await closeAll(pair);
  });

  check("block a writer until the reader reads", async (subject) => {
    const pair = await open(subject);
    let accepted = 0;
    let stop = false;
    const bytes = pattern(65_536);
    const writing = (async () => {
      while (!stop) {
        await pair.near.write(bytes);
        accepted += bytes.length;
      }
    })();
    let before = -1;
    // It blocks because nobody reads; 64 MiB is far above what systems buffer.
    for (let turn = 0; turn < 100 && accepted !== before; turn += 1) {
      before = accepted;
      await pause(subject.runtime, 100);
    }
    expect(accepted).toBe(before);
    expect(accepted).toBeLessThan(64 * 1024 * 1024);
    stop = true;
    // One write still waits.
    const total = accepted + bytes.length;
    const received = new Uint8Array(total);
    for (let read = 0; read < total; ) {
      const chunk = (await pair.far.read())!;
      received.set(chunk, read);
      read += chunk.length;
    }
    for (let offset = 0; offset < total; offset += bytes.length) {
      expect(Buffer.compare(received.subarray(offset, offset + bytes.length), bytes)).toBe(0);
    }
    await writing;
    await closeAll(pair);
  });

  check("fail pending reads and writes when they are closed, and can be closed twice", async (subject) => {
    const pair = await open(subject);
    const read = expectFailure(pair.near.read(), "ECANCELED");
    pair.near.close();
    pair.near.close();
    await read;
    await expectFailure(pair.near.read(), "ECANCELED");
    await expectFailure(pair.near.write(Uint8Array.of(1)), "ECANCELED");
    await closeAll(pair);
  });

  check("fail a write that is blocked when they are closed", async (subject) => {
    const pair = await open(subject);
    const waiting: Promise<unknown>[] = [];
    const codes: unknown[] = [];
    for (let index = 0; index < 256; index += 1) {
      waiting.push(
        pair.near.write(pattern(65_536)).catch((error: { code: unknown }) => {
          codes.push(error.code);
        }),
      );
    }
    await pause(subject.runtime, 100);
    pair.near.close();
    await Promise.all(waiting);
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(["ECANCELED"]));
    await closeAll(pair);
  });

  check("fail a writer whose peer is gone", async (subject) => {
    const pair = await open(subject);
    pair.far.close();
    expect(await pair.near.read()).toBeNull();
    const writing = (async () => {
      for (let turn = 0; turn < 1_000; turn += 1) {
        await pair.near.write(pattern(1_000));
        await pause(subject.runtime, 5);
      }
    })();
    const error = await expectFailure(writing, "EPIPE", "ECONNRESET");
    expect(error.operation).toBe("write");
    await closeAll(pair);
  });
}

async function echo(connection: Connection): Promise<void> {
  for (;;) {
    const bytes = await connection.read();
    if (bytes === null) break;
    await connection.write(bytes);
  }
  connection.close();
}

/** Listeners of both families at once; needs a system with IPv6. */
export function dualStackStreams(openSubject: OpenSubject): void {
  const check = checks(openSubject);
  describe.skipIf(lacks("ipv6"))("wildcard streams", () => {
    for (const wildcard of ["0.0.0.0", "::", ""]) {
      check(
        `to a listener on "${wildcard}" come from both families, with IPv4 as dotted quad`,
        async ({ runtime }) => {
          await acceptsBoth(runtime, wildcard);
        },
      );
    }
  });
}

async function acceptsBoth(runtime: Runtime, wildcard: string): Promise<void> {
  const accepted: Connection[] = [];
  const listener = await runtime.streams.listen({ host: wildcard, port: 0 }, (c) => accepted.push(c));
  expect(listener.local.host).toBe("::");
  for (const host of ["127.0.0.1", "::1"]) {
    const near = await runtime.streams.connect({ host, port: listener.local.port });
    await until(runtime, "the connection", () => accepted.length === 1);
    const far = accepted.pop()!;
    expect([near.remote.host, far.local.host, far.remote]).toEqual([host, host, near.local]);
    near.close();
    far.close();
  }
  await listener.close();
}
