import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import type { QueryReply, SerfEvent } from "../../src/core/serf/api.ts";
import { encodeFilters } from "../../src/core/serf/queries/filters.ts";
import { encodeQuery } from "../../src/core/serf/wire/encoding.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Query } from "../../src/shell/query.ts";
import { loadPatternCompiler } from "../../src/shell/regexp.ts";
import type { Serf } from "../../src/shell/serf.ts";
import { Cluster } from "../simulation/cluster.ts";

async function cluster(size: number, options = {}): Promise<Cluster> {
  const nodes = new Cluster({ size, seed: 3, network: { latencyMs: [1, 3] }, options });
  await nodes.join();
  await nodes.world.run(5_000);
  return nodes;
}

/** Lets a node answer every query. */
function answer(serf: Serf, text: string): void {
  void (async () => {
    for await (const event of serf.events()) {
      if ((event as SerfEvent).type === "query") {
        (event as Extract<SerfEvent, { type: "query" }>).respond(new TextEncoder().encode(text));
      }
    }
  })();
}

async function collect(query: Query): Promise<QueryReply[]> {
  const replies: QueryReply[] = [];
  for await (const reply of query) replies.push(reply);
  return replies;
}

describe("a query of a node", () => {
  it("is iterated until all members have replied, with tags in RE2 syntax", async () => {
    // Virtual time does not wait for a module to be loaded.
    await loadPatternCompiler();
    const nodes = await cluster(3);
    for (const name of nodes.names) answer(nodes.node(name), `I am ${name}`);
    await nodes.world.settle(nodes.node("n1").setTags({ role: "Web-1" }));
    await nodes.world.run(3_000);
    const began = nodes.world.now;
    const all = await nodes.world.settle(collect(nodes.node("n0").query("who", "", { ack: true })));
    expect(all.map(({ type, from }) => `${type} ${from}`).sort()).toEqual([
      "ack n0",
      "ack n1",
      "ack n2",
      "response n0",
      "response n1",
      "response n2",
    ]);
    expect(nodes.world.now - began).toBeLessThan(3_200);
    const query = nodes.node("n2").query("who", "", { tags: { role: "(?i)^web-\\d$" } });
    const some = await nodes.world.settle(collect(query));
    expect(some.map(({ from, payload }) => `${from}: ${new TextDecoder().decode(payload)}`)).toEqual([
      "n1: I am n1",
    ]);
    expect(query.missing).toEqual([]);
  });

  it("has its missing members at the end, and not before", async () => {
    const nodes = await cluster(3);
    answer(nodes.node("n1"), "here");
    const query = nodes.node("n0").query("who", "", { timeoutMs: 1_000 });
    expect(query.missing).toBe(undefined);
    await nodes.world.settle(query.done);
    expect(query.missing).toEqual(expect.arrayContaining(["n0", "n2"]));
    expect(await nodes.world.settle(collect(query))).toHaveLength(1);
  });

  it("ends when its reader leaves, when its signal fires, and when the node stops", async () => {
    const nodes = await cluster(2);
    const serf = nodes.node("n0");
    const abort = new AbortController();
    const aborted = serf.query("a", "", { timeoutMs: 60_000, signal: abort.signal });
    const left = serf.query("b", "", { timeoutMs: 60_000 });
    const stopped = serf.query("c", "", { timeoutMs: 60_000 });
    const reading = left.next();
    abort.abort();
    await left.return();
    expect(await nodes.world.settle(reading)).toEqual({ done: true, value: undefined });
    await nodes.world.settle(Promise.all([aborted.done, left.done]));
    await nodes.world.settle(serf.shutdown());
    await nodes.world.settle(stopped.done);
    expect(await stopped.next()).toEqual({ done: true, value: undefined });
    expect(() => serf.query("d")).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
    expect(() => serf.userEvent("e")).toThrow(expect.objectContaining({ code: "ERR_STATE" }));
  });

  it("with impossible options is rejected", async () => {
    const nodes = await cluster(1);
    const serf = nodes.node("n0");
    for (const options of [
      { relayFactor: 256 },
      { relayFactor: 1.5 },
      { timeoutMs: -1 },
      { timeoutMs: Number.NaN },
    ]) {
      expect(() => serf.query("q", "", options)).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
    }
    expect(() => serf.query("q", "", { signal: AbortSignal.abort() })).toThrow();
    expect(() => serf.query("q", "x".repeat(1_024))).toThrow("query exceeds limit of 1024 bytes");
    expect(() => serf.userEvent("q", "x".repeat(512))).toThrow(
      "user event exceeds configured limit of 512 bytes",
    );
  });
});

describe("a tag expression with a mistake", () => {
  const fault = {
    code: "ERR_OPTION",
    message: 'Cannot ask a query: tags["role"]: error parsing regexp: missing closing ): `(`',
  };

  it("ends the query with RE2's message: its loop throws, and later calls do so at once", async () => {
    const nodes = await cluster(2);
    const serf = nodes.node("n0");
    const query = serf.query("q", "", { tags: { kind: "web", role: "(" }, timeoutMs: 60_000 });
    // Virtual time does not pass while the engine is loaded.
    await expect(collect(query)).rejects.toMatchObject(fault);
    await query.done;
    expect(() => serf.query("q", "", { tags: { role: "(" } })).toThrow(expect.objectContaining(fault));
    const dropped = serf.query("q", "", { tags: { role: "web" } });
    await nodes.world.settle(dropped.done);
  });

  it("is sent and matches nobody if it is not to be checked", async () => {
    await loadPatternCompiler();
    const nodes = await cluster(2);
    const query = nodes.node("n0").query("q", "", { tags: { role: "(" }, checkTags: false });
    expect(await nodes.world.settle(collect(query))).toEqual([]);
  });

  it("that is too much work for others is refused before it is sent", async () => {
    const nodes = await cluster(1);
    const ask = () => nodes.node("n0").query("q", "", { tags: { role: "x{1,1000}y{1,1000}" } });
    expect(ask).toThrow(
      expect.objectContaining({
        code: "ERR_LIMIT",
        message: expect.stringMatching(/^Cannot ask a query: it has tag expressions that are too much work/),
      }),
    );
  });
});

describe("a query of a stranger", () => {
  it("whose expressions are too much work costs nothing, matches nobody and is logged once", async () => {
    await loadPatternCompiler();
    const nodes = await cluster(2);
    const serf = nodes.node("n0");
    // Lets the node's own engine be loaded, too.
    await collect(serf.query("warm", "", { tags: { role: "(" } })).catch(() => undefined);
    const random = new Random((bytes) => bytes.fill(1));
    const codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
    const expressions = Array.from({ length: 26 }, (_, index) => `(?:[w\\pL]{1,500}){0,2}z{0,${index}}`);
    const payload = encodeQuery({
      type: "query",
      lamportTime: 50n,
      id: 1,
      address: Uint8Array.of(10, 0, 0, 9),
      port: 7946,
      sourceNode: "stranger",
      filters: encodeFilters({
        nodes: [],
        tags: new Map(expressions.map((each, index) => [`t${index}`, each])),
      }),
      flags: 0,
      relayFactor: 0,
      timeout: 5_000_000_000n,
      name: "q",
      payload: null,
    });
    const packet = codec.seal([codec.encode({ type: "user", payload })], { crc: false, encrypt: false });
    const stranger = nodes.world.addHost("stranger", "10.0.0.9");
    const handler = { packet: () => undefined, sendFailed: () => undefined };
    const socket = await nodes.world.settle(
      stranger.datagrams.bind({ host: "10.0.0.9", port: 7946 }, handler),
    );
    nodes.reports.length = 0;
    nodes.lines.length = 0;
    const began = performance.now();
    socket.send({ host: "10.0.0.1", port: 7946 }, packet);
    await nodes.world.run(50);
    expect(performance.now() - began).toBeLessThan(50);
    await nodes.world.run(5_000);
    expect(nodes.reports).toEqual([]);
    const lines = nodes.lines.filter(({ line }) => line.text.includes("tag expressions"));
    expect(lines.map(({ observer }) => observer).sort()).toEqual(["n0", "n1"]);
  });
});

describe("a node", () => {
  it("returns to its cluster by a join after it left", async () => {
    const nodes = await cluster(3);
    const serf = nodes.node("n2");
    await nodes.world.settle(serf.leave());
    expect(serf.state).toBe("left");
    await nodes.world.run(2_000);
    expect(nodes.view("n0")).toMatchObject({ n2: "left" });
    expect(await nodes.world.settle(serf.join(["10.0.0.1:7946"]))).toMatchObject({ contacts: 1 });
    expect(serf.state).toBe("alive");
    await nodes.converge(nodes.names, { n0: "alive", n1: "alive", n2: "alive" }, 10_000);
  });

  it("estimates its round-trip times to others", async () => {
    const nodes = await cluster(3);
    await nodes.world.run(120_000);
    const serf = nodes.node("n0");
    expect(serf.estimateRtt("n1")).toBeGreaterThan(0.5);
    expect(serf.estimateRtt("n1")).toBeLessThan(20);
    expect(serf.estimateRtt("n1", "n2")).toBeGreaterThan(0);
    expect(serf.estimateRtt("nobody")).toBe(undefined);
    expect(serf.coordinate()!.vec).toHaveLength(8);
  });
});
