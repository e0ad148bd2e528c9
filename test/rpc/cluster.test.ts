/** Events, queries, keys and coordinates between a client and a server, with a fake node behind it. */

import { describe, expect, test } from "vitest";
import { Cluster } from "../../src/agent/cluster_service.ts";
import type { LogLevel } from "../../src/core/effects.ts";
import type { QueryEvent } from "../../src/core/serf/api.ts";
import { SerfError } from "../../src/errors.ts";
import { RpcClient, RpcKeyError } from "../../src/rpc/client/client.ts";
import { RpcCodec } from "../../src/rpc/codec.ts";
import { defaultRpcAddress } from "../../src/rpc/protocol.ts";
import { RpcServer } from "../../src/rpc/server/server.ts";
import type { AgentService } from "../../src/rpc/server/service.ts";
import { KeyError } from "../../src/shell/keys.ts";
import { FakeNode, FakeRuntime, settle } from "../agent/fakes.ts";

const agentAddress = { host: "127.0.0.1", port: 7373 };

interface World {
  readonly fake: FakeRuntime;
  readonly node: FakeNode;
  readonly server: RpcServer;
  readonly client: RpcClient;
  readonly lines: string[];
}

async function world(): Promise<World> {
  const fake = new FakeRuntime();
  const node = new FakeNode({ name: "node-a" });
  const lines: string[] = [];
  const log = (level: LogLevel, text: string): void => {
    lines.push(`[${level}] ${text}`);
  };
  // These tests use only the cluster.
  const service = { cluster: new Cluster(node, log), log, recentLines: () => [] } as unknown as AgentService;
  const server = await RpcServer.listen(fake.runtime, { address: defaultRpcAddress, token: "", service });
  const client = await RpcClient.connect(fake.runtime);
  lines.length = 0;
  return { fake, node, server, client, lines };
}

function queryEvent(respond: QueryEvent["respond"], deadline = 1000): QueryEvent {
  const payload = new TextEncoder().encode("hello");
  return { type: "query", name: "ask", payload, lamportTime: 7n, source: "node-b", deadline, respond };
}

describe("queries", () => {
  test("replies arrive as they are sent, and the end shortly after the last one", async () => {
    const { client, node, fake } = await world();
    const replies = await client.query("load", "x", { ack: true });
    const { query } = node.queries[0]!;
    query.push({ type: "ack", from: "node-b", payload: new Uint8Array(0) });
    expect((await replies.next()).value).toEqual({ type: "ack", from: "node-b", payload: new Uint8Array(0) });
    query.push({ type: "response", from: "node-b", payload: Uint8Array.of(255) });
    query.end([]);
    expect((await replies.next()).value).toEqual({
      type: "response",
      from: "node-b",
      payload: Uint8Array.of(255),
    });
    let ended = false;
    const end = replies.next().then((result) => {
      ended = true;
      return result;
    });
    await fake.clock.advance(49);
    expect(ended).toBe(false);
    await fake.clock.advance(1);
    expect(await end).toEqual({ done: true, value: undefined });
    const next = await client.query("next");
    node.queries[1]!.query.push({ type: "response", from: "node-c", payload: Uint8Array.of(7) });
    expect((await next.next()).value).toEqual({
      type: "response",
      from: "node-c",
      payload: Uint8Array.of(7),
    });
  });

  test.each([
    ["nobody", []],
    ["two members", ["node-b", "node-c"]],
    ["an unknown number", undefined],
  ])("the end says who is missing: %s", async (_what, missing) => {
    const { client, node } = await world();
    const replies = await client.query("load");
    expect(replies.missing).toBeUndefined();
    node.queries[0]!.query.end(missing);
    expect((await replies.next()).done).toBe(true);
    expect(replies.missing).toEqual(missing);
  });

  test("commands continue while a query runs, and a client that disconnects ends its queries", async () => {
    const { client, node, fake } = await world();
    await client.query("load");
    await client.event("deploy", "v1", { coalesce: true });
    expect(node.calls).toEqual(["event deploy [v1] true"]);
    const other = await RpcClient.connect(fake.runtime);
    await other.query("other");
    client.close();
    await node.queries[0]!.query.done;
    let ended = false;
    void node.queries[1]!.query.done.then(() => {
      ended = true;
    });
    await settle();
    expect(ended).toBe(false);
    other.close();
    await node.queries[1]!.query.done;
  });

  test("a negative time ends at once, whoever replies", async () => {
    const { client, node } = await world();
    const replies = await client.query("load", undefined, { timeoutMs: -1000, ack: true });
    const { query, options } = node.queries[0]!;
    expect(options.timeoutMs).toBe(1);
    query.push({ type: "ack", from: "node-a", payload: new Uint8Array(0) });
    query.end([]);
    expect(await replies.next()).toEqual({ done: true, value: undefined });
  });

  test.each([
    [0, 0],
    [0.000_001, 1],
    [1500.5, 1501],
    [1e12, 86_400_000],
  ])("%d ms are passed to the node as %d", async (given, asked) => {
    const { client, node } = await world();
    await client.query("load", undefined, { timeoutMs: given });
    expect(node.queries[0]!.options.timeoutMs).toBe(asked);
  });

  test.each<[string, string, Uint8Array | undefined]>([
    ["another name", "_serf_foo", undefined],
    ["the bare prefix", "_serf_", undefined],
    ["a ping with a payload", "_serf_ping", Uint8Array.of(1)],
    ["a ping with an empty payload", "_serf_ping", new Uint8Array(0)],
  ])("names of the library are rejected: %s", async (_what, name, payload) => {
    const { client, node, lines } = await world();
    await expect(client.query(name, payload)).rejects.toThrow("Queries cannot contain the '_serf_' prefix");
    expect([node.queries, lines]).toEqual([[], []]);
    await client.query("_serf_ping");
    expect(node.queries).toHaveLength(1);
  });

  test("a refusal of the node is the response and is logged", async () => {
    const { client, node, lines } = await world();
    node.refusal = new SerfError("ERR_LIMIT", "query exceeds limit of 1024 bytes");
    await expect(client.query("load", 'a"b')).rejects.toThrow("query exceeds limit of 1024 bytes");
    expect(lines).toEqual([
      '[DEBUG] Requesting query send: load. Payload: "a\\"b"',
      "[WARN] failed to start user query: query exceeds limit of 1024 bytes",
    ]);
  });

  test("input from a client cannot fill the log", async () => {
    const { client, lines } = await world();
    await client.event("n".repeat(1_000_000), new Uint8Array(1_000_000));
    expect(lines[0]!.length).toBeLessThan(10_000);
  });

  test("a reply without a name ends a query, as Go's agents send it at the deadline", async () => {
    const fake = new FakeRuntime();
    const codec = new RpcCodec();
    const header = (sequence: number): Uint8Array => codec.encode({ Error: "", Seq: sequence });
    await fake.streams.listen(agentAddress, async (connection) => {
      await connection.read();
      await connection.write(header(1));
      await connection.read();
      const nobody = codec.encode({ From: "", Payload: null, Type: "ack" });
      await connection.write(header(2));
      for (let count = 0; count < 3; count++) {
        await connection.write(header(2));
        await connection.write(nobody);
      }
      await connection.read();
      await connection.write(header(3));
    });
    const client = await RpcClient.connect(fake.runtime);
    const replies = await client.query("load");
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await client.event("still there");
  });

  test("a malformed record closes the client instead of ending the program", async () => {
    const fake = new FakeRuntime();
    const codec = new RpcCodec();
    await fake.streams.listen(agentAddress, async (connection) => {
      await connection.read();
      await connection.write(codec.encode({ Error: "", Seq: 1 }));
      await connection.read();
      const header = codec.encode({ Error: "", Seq: 2 });
      await connection.write(codec.encode({ Error: "", Seq: 2 }));
      await connection.write(header);
      await connection.write(codec.encode({ From: 5, Type: ["done"] }));
    });
    const client = await RpcClient.connect(fake.runtime);
    const replies = await client.query("load");
    expect(await replies.next()).toEqual({ done: true, value: undefined });
    await expect(client.event("x")).rejects.toThrow("client closed");
  });
});

describe("delivered queries", () => {
  test("are answered by the id that their record has on this connection", async () => {
    const { client, server, fake } = await world();
    const answers: string[] = [];
    const respond = (payload: Uint8Array): void => {
      if (answers.length > 0)
        throw new SerfError("ERR_STATE", "failed to respond to key query: response already sent");
      answers.push(new TextDecoder().decode(payload));
    };
    const stream = await client.stream("query:ask");
    server.event(queryEvent(respond));
    const { value } = await stream.next();
    expect(value).toMatchObject({ type: "query", id: 1n, name: "ask", lamportTime: 7n });
    await client.respond(1n, "my answer");
    await expect(client.respond(1n, "again")).rejects.toThrow("response already sent");
    await expect(client.respond(2n, "x")).rejects.toThrow("No pending queries matching ID");
    const other = await RpcClient.connect(fake.runtime);
    await expect(other.respond(1n, "not mine")).rejects.toThrow("No pending queries matching ID");
    await fake.clock.advance(1001);
    await expect(client.respond(1n, "late")).rejects.toThrow("No pending queries matching ID");
    expect(answers).toEqual(["my answer"]);
  });
});

describe("payloads", () => {
  test("of events are read as text and as JSON, and events become JSON", async () => {
    const { client, server } = await world();
    const stream = await client.stream("*");
    const payload = new TextEncoder().encode('{"version":2}');
    server.event({ type: "user", lamportTime: 3n, name: "deploy", payload, coalesce: false });
    const { value: event } = await stream.next();
    if (event?.type !== "user") throw new Error("not a user event");
    expect(event.text()).toBe('{"version":2}');
    expect(event.json()).toEqual({ version: 2 });
    const fields = { type: "user", lamportTime: 3, name: "deploy", coalesce: false };
    expect(JSON.parse(JSON.stringify(event))).toEqual({ ...fields, payload: "eyJ2ZXJzaW9uIjoyfQ==" });
    expect(structuredClone(event)).toEqual({ ...fields, lamportTime: 3n, payload });
    expect(Object.isFrozen(event)).toBe(true);
  });

  test("of queries and replies, too; what is not JSON is an error that names them", async () => {
    const { client, server, node } = await world();
    const stream = await client.stream("query");
    server.event(queryEvent(() => undefined));
    const { value: event } = await stream.next();
    if (event?.type !== "query") throw new Error("not a query");
    expect(event.text()).toBe("hello");
    const start = "Cannot read the payload of the";
    expect(() => event.json()).toThrow(
      expect.objectContaining({ code: "ERR_WIRE", message: expect.stringContaining(`${start} query "ask"`) }),
    );
    const replies = await client.query("load", "x");
    node.queries[0]!.query.push({ type: "response", from: "node-b", payload: Uint8Array.of(0x30, 0x2e) });
    const { value: reply } = await replies.next();
    expect(reply?.text()).toBe("0.");
    expect(() => reply?.json()).toThrow(`${start} reply of "node-b" as JSON`);
  });
});

describe("keys", () => {
  test("results are returned, with keys only for a listing", async () => {
    const { client, lines } = await world();
    const report = { nodes: 2, responses: 2, failures: 0, messages: new Map() };
    expect(await client.keys.list()).toEqual({ ...report, keys: new Map([["a2V5", 2]]) });
    for (const change of ["install", "use", "remove"] as const)
      expect(await client.keys[change]("a2V5")).toEqual({ ...report, keys: new Map() });
    expect(lines).toEqual([
      "[INFO] Initiating key listing",
      "[INFO] Initiating key installation",
      "[INFO] Initiating primary key change",
      "[INFO] Initiating key removal",
    ]);
  });

  test("failures are returned with the members' messages", async () => {
    const { client, node } = await world();
    const messages = new Map([["node-b", "removing the primary key is not allowed"]]);
    const result = { ...node.keyResult, failures: 1, messages };
    node.keyFailure = new KeyError("1/2 nodes reported failure", result);
    const error: unknown = await client.keys.remove("a2V5").catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(RpcKeyError);
    expect(error).toMatchObject({
      code: "ERR_RPC",
      message: "1/2 nodes reported failure",
      report: { nodes: 2, responses: 2, failures: 1, messages },
    });
    node.keyFailure = new SerfError("ERR_KEY", "illegal base64 data at input byte 0");
    await expect(client.keys.install("!!")).rejects.toMatchObject({ report: { nodes: 0, failures: 0 } });
  });
});

test("coordinates are returned exactly, and none for an unknown node", async () => {
  const { client, node } = await world();
  const coordinate = { vec: [0, -1, 1e-300, 0.1], error: 1.5, adjustment: -0, height: 1e-5 };
  node.coordinates.set("node-b", coordinate);
  expect(await client.coordinate("node-b")).toEqual(coordinate);
  expect(await client.coordinate("nobody")).toBeUndefined();
  const many = { ...coordinate, vec: Array.from({ length: 64 }, (_, index) => index) };
  node.coordinates.set("node-c", many);
  expect(await client.coordinate("node-c")).toEqual(many);
});
