import { describe, expect, test } from "vitest";
import { limitIntervalMs } from "../../../src/core/log_limit.ts";
import { SerfError } from "../../../src/errors.ts";
import { concatenate } from "../../../src/rpc/bytes.ts";
import { RpcClient } from "../../../src/rpc/client/client.ts";
import { RpcCodec } from "../../../src/rpc/codec.ts";
import { greetingTimeoutMs } from "../../../src/rpc/server/client_loop.ts";
import type { RpcServer } from "../../../src/rpc/server/server.ts";
import { unauthenticatedPerSourceMax } from "../../../src/rpc/server/unauthenticated.ts";
import { type FakeRuntime, member, settle } from "../../agent/fakes.ts";
import { agentAddress, dbMember, raw, serve, webMember } from "./serving.ts";

describe("the agent's response is returned to the client", () => {
  test("members with all their fields", async () => {
    const { client } = await serve();
    expect(await client.members()).toEqual([webMember, dbMember]);
  });

  test.each([
    ["a name", { name: "node-a" }, ["node-a"]],
    ["part of a name", { name: "node" }, []],
    ["flags of RE2", { name: "(?i)NODE-A" }, ["node-a"]],
    ["an alternative, which is not grouped", { tags: { role: "w|b" } }, ["node-a", "node-b"]],
    ["a missing tag, which counts as empty", { tags: { dc: "" } }, ["node-b"]],
    ["a missing tag against an expression that takes nothing", { tags: { dc: ".*" } }, ["node-a", "node-b"]],
    ["a status", { status: "failed|left" }, ["node-b"]],
    ["the name of a property that all objects have", { tags: { constructor: "x" } }, []],
  ])("members filtered by %s", async (_name, filter, names) => {
    const { client } = await serve();
    expect((await client.members(filter as object)).map(({ name }) => name)).toEqual(names);
  });

  test("nothing but a closed connection for a bad expression", async () => {
    const { client, service } = await serve();
    await expect(client.members({ name: "[" })).rejects.toThrow("client closed");
    expect(service.lines.at(-1)).toBe(
      "[ERR] Failed to evaluate request: Failed to compile regex: error parsing regexp: missing closing ]: `[$`",
    );
  });

  test("a quick response for an expression that backtracks for ever in other engines", async () => {
    const { client, service } = await serve();
    service.members = () => [member(`${"a".repeat(4000)}b`, "127.0.0.1")];
    expect(await client.members({ name: "(a*)*(a*)*(a*)*c" })).toEqual([]);
  });

  test("the number of joined addresses, or the error with a body after it", async () => {
    const { client, service } = await serve();
    expect(await client.join(["a", "b"], { replay: true })).toBe(2);
    service.failure = new SerfError("ERR_JOIN", "1 error occurred:\n\t* no\n\n");
    await expect(client.join(["a"])).rejects.toMatchObject({
      code: "ERR_RPC",
      message: "1 error occurred:\n\t* no\n\n",
    });
    service.failure = null;
    expect(await client.join([])).toBe(0);
    expect(service.calls).toEqual([
      ["join", "a", "b", true],
      ["join", "a", false],
      ["join", false],
    ]);
  });

  test("tags, force-leave and stats", async () => {
    const { client, service } = await serve();
    await client.updateTags({ set: { a: "1" }, remove: ["b"] });
    await client.forceLeave("gone", { prune: true });
    expect(service.calls).toEqual([
      ["tags", { a: "1" }, ["b"]],
      ["force-leave", "gone", true],
    ]);
    expect(await client.stats()).toEqual(
      new Map([
        ["agent", new Map([["name", "node-a"]])],
        ["event_handlers", new Map()],
      ]),
    );
    service.failure = new SerfError("ERR_TIMEOUT", "timed out broadcasting node removal");
    await expect(client.forceLeave("gone")).rejects.toThrow("timed out broadcasting node removal");
  });

  test("the response to a leave, then the shutdown, even if the leave failed", async () => {
    const { client, service } = await serve();
    service.failure = new SerfError("ERR_STATE", "Leave already in progress");
    await expect(client.leave()).rejects.toThrow("Leave already in progress");
    await settle();
    expect(service.calls).toEqual(["leave", "shutdown"]);
    expect(service.lines.slice(1)).toEqual([
      "[INFO] Graceful leave triggered",
      "[ERR] leave failed: Leave already in progress",
    ]);
  });
});

describe("tokens", () => {
  test("a right one gives access to the agent", async () => {
    const { client } = await serve("s3cret");
    expect(await client.members()).toHaveLength(2);
  });

  test.each(["wrong", "s3cre", "s3cret!", "s3crets3cret"])("a wrong one does not: %s", async (token) => {
    const { fake } = await serve("s3cret");
    await expect(RpcClient.connect(fake.runtime, { token })).rejects.toThrow("Invalid authentication token");
  });

  test("a missing one does not, and the client does not wait for a body after the error", async () => {
    const { fake, service } = await serve("s3cret");
    const client = await RpcClient.connect(fake.runtime);
    await expect(client.members()).rejects.toThrow("Authentication required");
    await expect(client.stream()).rejects.toThrow("Authentication required");
    expect(
      service.lines.filter((line) => line === "[WARN] Client sending commands before auth"),
    ).toHaveLength(3);
  });

  test("one for an agent without a token is rejected", async () => {
    const { fake } = await serve();
    await expect(RpcClient.connect(fake.runtime, { token: "x" })).rejects.toThrow(
      "Invalid authentication token",
    );
  });
});

describe("streams and monitors", () => {
  test("events arrive typed, and the stream ends with the connection", async () => {
    const { client, server } = await serve();
    const events = await client.stream("user,member-failed");
    const payload = Uint8Array.of(1, 2);
    server.event({ type: "user", lamportTime: 2n ** 63n, name: "deploy", payload, coalesce: true });
    server.event({ type: "member-join", members: [webMember] });
    server.event({ type: "member-failed", members: [dbMember] });
    expect((await events.next()).value).toEqual({
      type: "user",
      lamportTime: 2n ** 63n,
      name: "deploy",
      payload,
      coalesce: true,
    });
    expect((await events.next()).value).toEqual({ type: "member-failed", members: [dbMember] });
    const end = events.next();
    await server.close();
    expect(await end).toEqual({ done: true, value: undefined });
  });

  test("a monitor shows past lines, then new ones, and no line twice", async () => {
    const { client, server, service } = await serve();
    service.past = Array.from({ length: 512 }, (_, index) => ({
      level: "INFO" as const,
      text: `past ${index}`,
    }));
    const lines = await client.monitor("debug");
    server.line({ level: "DEBUG", text: "new" });
    server.line({ level: "TRACE", text: "below" });
    server.line({ level: "WARN", text: "last" });
    const seen: string[] = [];
    for await (const line of lines) if (seen.push(line) === 514) break;
    expect(seen.slice(0, 2)).toEqual(["past 0", "past 1"]);
    expect(seen.slice(-3)).toEqual(["past 511", "new", "last"]);
  });

  test("leaving a loop stops the stream at the agent", async () => {
    const { client, server, service } = await serve();
    const events = await client.stream("member-join");
    server.event({ type: "member-join", members: [webMember] });
    for await (const event of events) {
      expect(event.type).toBe("member-join");
      break;
    }
    await expect(client.stream("bogus")).rejects.toThrow("Invalid event filter");
    expect(await client.members()).toHaveLength(2);
    expect(service.lines).toHaveLength(1);
  });
});

describe("misbehaving clients", () => {
  test("one that never reads loses events and blocks no other client", async () => {
    const { fake, client, server, service } = await serve();
    const codec = new RpcCodec();
    await raw(fake, codec.encode({ Command: "stream", Seq: 1 }, { Type: "" }));
    const payload = new Uint8Array(400);
    for (let count = 0; count < 5000; count++) {
      server.event({ type: "user", lamportTime: BigInt(count), name: "x", payload, coalesce: false });
    }
    await settle();
    expect(
      service.lines.filter((line) => line.includes("Dropping event to ipc.client: 127.0.0.1:40001")),
    ).toHaveLength(1);
    expect(await client.members()).toHaveLength(2);
  });

  /** Streams on which nobody reads; `size` bytes of payload are sent to them in each of `count` events. */
  async function stall(fake: FakeRuntime, server: RpcServer, streams: number, count: number, size: number) {
    const open = new RpcCodec().encode({ Command: "stream", Seq: 1 }, { Type: "" });
    for (let stream = 0; stream < streams; stream++) await raw(fake, open);
    for (let number = 0; number < count; number++) {
      const payload = new Uint8Array(size);
      server.event({ type: "user", lamportTime: BigInt(number), name: "x", payload, coalesce: false });
      if (number % 16 === 0) await settle();
    }
    await settle();
  }

  test("many that never read hold every event once", async () => {
    const { fake, server, client } = await serve();
    await stall(fake, server, 60, 512, 10_000);
    expect(server.clients).toBe(61);
    expect(server.queuedBytes).toBeGreaterThan(5_000_000);
    expect(server.queuedBytes).toBeLessThan(6_000_000);
    await server.close();
    expect(server.queuedBytes).toBe(0);
    await expect(client.members()).rejects.toThrow("client closed");
  });

  test("if too much waits for all together, those furthest behind are closed and the others are served", async () => {
    const { fake, server, client, service } = await serve("", { totalBytesMax: 1_000_000 });
    const events = await client.stream();
    await stall(fake, server, 3, 150, 10_000);
    expect(server.queuedBytes).toBeLessThan(1_000_000);
    expect(server.clients).toBe(1);
    expect(
      service.lines.filter((line) => line.includes("Closing ipc.client that does not keep up")),
    ).toHaveLength(3);
    expect((await events.next()).value).toMatchObject({ type: "user", name: "x" });
  });

  test("one that never reads its responses is not read from any more", async () => {
    const { fake, service } = await serve();
    const big = member("big", "127.0.0.1", { t: "x".repeat(100_000) });
    service.members = () => {
      service.calls.push("members");
      return [big];
    };
    const codec = new RpcCodec();
    const requests = Array.from({ length: 100 }, () => codec.encode({ Command: "members", Seq: 1 }));
    await raw(fake, ...requests);
    expect(service.calls.length).toBeLessThan(4);
  });

  test("requests of one connection are handled in order, those of others meanwhile", async () => {
    const { fake, service, client } = await serve();
    let release = (): void => undefined;
    service.hold = new Promise((resolve) => {
      release = resolve;
    });
    const joined = client.join(["a"]);
    const order: string[] = [];
    const both = [joined.then(() => order.push("join")), client.members().then(() => order.push("members"))];
    const other = await RpcClient.connect(fake.runtime);
    expect(await other.members()).toHaveLength(2);
    expect(order).toEqual([]);
    release();
    await Promise.all(both);
    expect(order).toEqual(["join", "members"]);
  });

  test("those that never shake hands lock nobody out, whether they are many or new ones come", async () => {
    const { fake, server, client, service } = await serve("s3cret");
    const command = async (): Promise<RpcClient> =>
      await RpcClient.connect(fake.runtime, { token: "s3cret" });
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 500; count++) await fake.streams.connect(agentAddress);
      expect(await (await command()).members()).toHaveLength(2);
    }
    expect(await client.members()).toHaveLength(2);
    await settle();
    expect(server.clients).toBe(5 + unauthenticatedPerSourceMax - 1);
    expect(service.lines.length).toBeLessThan(100);
    await fake.clock.advance(greetingTimeoutMs);
    expect(server.clients).toBe(5);
    await fake.clock.advance(limitIntervalMs);
    expect(service.lines.slice(-2)).toEqual([
      expect.stringMatching(/^\[INFO\] … and 1962 more like it, the last: Accepted client: 127/),
      expect.stringMatching(
        /^\[WARN\] … and 1990 more like it, the last: Closing ipc.client that did not auth/,
      ),
    ]);
  });

  test("all those that authenticate are logged, however fast a script runs its commands", async () => {
    const { fake, service } = await serve("s3cret");
    for (let count = 0; count < 500; count++) {
      const client = await RpcClient.connect(fake.runtime, { token: "s3cret" });
      await client.close();
    }
    const accepted = service.lines.filter((line) => line.startsWith("[INFO] Accepted client: "));
    expect(accepted).toHaveLength(501);
  });

  test.each([
    ["says nothing", undefined, ""],
    ["shakes hands and does not authenticate", { Command: "handshake", Seq: 0 }, "s3cret"],
  ])("one that %s is closed in time", async (_what, header, token) => {
    const { fake, server } = await serve(token);
    const connection = await fake.streams.connect(agentAddress);
    if (header !== undefined) await connection.write(new RpcCodec().encode(header, { Version: 1 }));
    await fake.clock.advance(greetingTimeoutMs - 1);
    expect(server.clients).toBe(2);
    await fake.clock.advance(1);
    expect(server.clients).toBe(1);
  });

  test("errors before authentication fill no log", async () => {
    const { fake, service } = await serve("s3cret");
    const codec = new RpcCodec();
    const connection = await raw(fake);
    const before = service.lines.length;
    const requests = Array.from({ length: 5_000 }, () => codec.encode({ Command: "stats", Seq: 1 }));
    await connection.write(concatenate(requests));
    for (let read = 0; read < 5_000 * 20; ) read += (await connection.read())!.length;
    expect(service.lines.length - before).toBe(28);
  });
});
