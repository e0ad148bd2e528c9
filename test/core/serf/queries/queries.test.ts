import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeQuery, encodeQueryResponse } from "../../../../src/core/serf/wire/encoding.ts";
import { decodeMessage, type QueryMessage } from "../../../../src/core/serf/wire/messages.ts";
import { address, alive } from "../../swim/machine.ts";
import { Network, question, type TestNode, text } from "../nodes.ts";

const user = (bytes: Uint8Array): Uint8Array => Uint8Array.from([8, ...bytes]);
const stranger = { host: "10.0.0.9", port: 7946 };

const asked: QueryMessage = {
  type: "query",
  lamportTime: 5n,
  id: 7,
  address: address(9),
  port: 7946,
  sourceNode: "probe",
  filters: [],
  flags: 0,
  relayFactor: 0,
  timeout: 5_000_000_000n,
  name: "load",
  payload: text("hi"),
};

function trio(): { network: Network; nodes: TestNode[] } {
  const network = new Network();
  const nodes = ["web", "db", "cache"].map((name) => network.add(name, { config: { tags: { role: name } } }));
  network.join();
  return { network, nodes };
}

/** Lets a node answer every query as it comes. */
function answerAll(network: Network, nodes: readonly TestNode[], answer: (node: TestNode) => string): void {
  const done = new Map(nodes.map((node) => [node, 0]));
  for (let step = 0; step < 40; step++) {
    network.run(100);
    for (const node of nodes) {
      for (const query of node.queries.slice(done.get(node)!)) query.respond(text(answer(node)));
      done.set(node, node.queries.length);
    }
  }
}

function give(node: TestNode, network: Network, message: QueryMessage): void {
  node.core.packet(network.now, stranger, user(encodeQuery(message)));
  network.settle();
}

/** What a node sent to the stranger, decoded. */
function toStranger(node: TestNode): unknown[] {
  return node.sent
    .filter(({ to }) => to.host === stranger.host)
    .flatMap(({ bytes }) => node.codec.open(bytes, { verifyIncoming: true }).messages)
    .map((message) => (message.type === "user" ? decodeMessage(message.payload) : message));
}

describe("a query", () => {
  it("reaches all members, is acknowledged and answered, and ends when all have replied", () => {
    const { network, nodes } = trio();
    const begin = network.now;
    nodes[0]!.core.queries.ask(network.now, 1, question("load", { payload: text("?"), ack: true }));
    answerAll(network, nodes, (node) => `from ${node.name}`);
    const { replies } = nodes[0]!;
    expect(replies.slice(0, -1).sort()).toEqual([
      "ack cache",
      "ack db",
      "ack web",
      "response cache from cache",
      "response db from db",
      "response web from web",
    ]);
    expect(replies.at(-1)).toBe("end");
    expect(nodes[1]!.queries[0]).toMatchObject({ name: "load", payload: text("?"), source: "web" });
    expect(nodes[1]!.queries).toHaveLength(1);
    expect(network.now - begin).toBeGreaterThan(3_200);
  });

  it("ends at its deadline with the missing members, or only then if asked to wait", () => {
    const { network, nodes } = trio();
    const [web, db] = nodes;
    web!.core.queries.ask(network.now, 1, question("load", { timeoutMs: 2_000 }));
    web!.core.queries.ask(
      network.now,
      2,
      question("load", { timeoutMs: 3_000, nodes: ["db"], waitForDeadline: true }),
    );
    network.run(1_000);
    for (const query of db!.queries) query.respond(text("ok"));
    network.run(900);
    expect(web!.replies).toEqual(["response db ok", "response db ok"]);
    network.run(150);
    expect(web!.replies.at(-1)).toBe("end web,cache");
    network.run(800);
    expect(web!.replies).toHaveLength(3);
    network.run(200);
    expect(web!.replies.at(-1)).toBe("end");
  });

  it("does not wait for members that died meanwhile, but lists them as missing", () => {
    const { network, nodes } = trio();
    const [web, db, cache] = nodes;
    network.nodes.splice(network.nodes.indexOf(cache!), 1);
    web!.core.queries.ask(network.now, 1, question("load", { timeoutMs: 60_000 }));
    network.run(1_000);
    for (const node of [web!, db!]) node.queries[0]!.respond(text("ok"));
    network.run(50);
    expect(web!.replies.at(-1)).not.toMatch(/^end/);
    network.run(40_000);
    expect(web!.replies.at(-1)).toBe("end cache");
  });

  it("by default lasts 16 gossip intervals for each digit of the cluster's size", () => {
    const { network, nodes } = trio();
    nodes[0]!.core.queries.ask(network.now, 1, question("load", { waitForDeadline: true }));
    network.run(3_199);
    expect(nodes[0]!.replies).toEqual([]);
    network.run(1);
    expect(nodes[0]!.replies).toEqual(["end web,db,cache"]);
  });

  it("is filtered by names and tags, and all filters have to match", () => {
    const { network, nodes } = trio();
    const ask = (number: number, names: string[], tags: [string, string][]): void =>
      nodes[0]!.core.queries.ask(
        network.now,
        number,
        question(`q${number}`, { nodes: names, tags: new Map(tags) }),
      );
    ask(1, ["db", "cache"], []);
    ask(2, [], [["role", "d"]]);
    ask(3, ["db", "web"], [["role", "^(web|cache)$"]]);
    ask(4, ["cache"], [["role", "web"]]);
    ask(5, [], [["absent", "^$"]]);
    ask(6, [], [["role", "("]]);
    network.run(2_000);
    const got = Object.fromEntries(
      nodes.map((node) => [node.name, node.queries.map(({ name }) => name).sort()]),
    );
    expect(got).toEqual({ web: ["q3", "q5"], db: ["q1", "q2", "q5"], cache: ["q1", "q5"] });
    // No member matches the fourth and the sixth, so they end at once.
    expect(nodes[0]!.replies).toEqual(["end", "end"]);
    // Each logs it once, including the asker.
    for (const { logs } of nodes) {
      expect(logs.filter((line) => line.includes("regex"))).toEqual([
        "WARN serf: failed to compile filter regex ((): no expression",
      ]);
    }
  });

  it("larger than its limit or a packet is rejected, and the clock does not advance", () => {
    const { network, nodes } = trio();
    const ask = (size: number): void =>
      nodes[0]!.core.queries.ask(network.now, 1, question("load", { payload: new Uint8Array(size) }));
    expect(() => ask(950)).toThrow("query exceeds limit of 1024 bytes");
    expect(nodes[0]!.core.stats()["query_time"]).toBe("1");
    const wide = new Network().add("wide", { config: { querySizeLimit: 9_000 } });
    expect(() => wide.core.queries.ask(0, 1, question("load", { payload: new Uint8Array(2_000) }))).toThrow(
      /query exceeds limit of 13\d\d bytes/,
    );
    expect(() =>
      new Network().add("old", { config: { protocol: 3 } }).core.queries.ask(0, 1, question("load")),
    ).toThrow("Feature not supported");
  });

  it("is rejected if too many are running", () => {
    const network = new Network();
    const { core } = network.add("a");
    for (let number = 0; number < 1_024; number++) core.queries.ask(0, number, question("q"));
    expect(() => core.queries.ask(0, 9_999, question("q"))).toThrow(/1024 queries run already/);
  });

  it("that waits for the regular-expression engine is answered once that has loaded", () => {
    let loaded = false;
    const network = new Network();
    const node = network.add("a", {
      config: { tags: { role: "web" } },
      parts: { matchPattern: (expression, value) => (loaded ? value.includes(expression) : "later") },
    });
    node.core.queries.ask(0, 1, question("q", { tags: new Map([["role", "web"]]), ack: true }));
    network.settle();
    expect(node.replies).toEqual([]);
    loaded = true;
    node.core.queries.patternsLoaded(0);
    network.settle();
    expect(node.queries).toHaveLength(1);
    node.queries[0]!.respond(text("ok"));
    expect(node.replies).toEqual(["ack a", "response a ok", "end"]);
  });
});

describe("a query that arrives", () => {
  it("is acknowledged before it is answered, directly to the asker", () => {
    const network = new Network();
    const node = network.add("node-b");
    give(node, network, { ...asked, flags: 1 });
    node.queries[0]!.respond(text("hi\n"));
    network.settle();
    expect(toStranger(node)).toEqual([
      { type: "queryResponse", lamportTime: 5n, id: 7, from: "node-b", flags: 1, payload: null },
      { type: "queryResponse", lamportTime: 5n, id: 7, from: "node-b", flags: 0, payload: text("hi\n") },
    ]);
  });

  it("is delivered once and gossiped once, unless it has the no-broadcast flag", () => {
    const network = new Network();
    const node = network.add("a");
    for (let copy = 0; copy < 3; copy++) give(node, network, asked);
    expect(node.queries).toHaveLength(1);
    expect(node.core.stats()["query_queue"]).toBe("1");
    give(node, network, { ...asked, id: 8, flags: 2 });
    expect(node.queries).toHaveLength(2);
    expect(node.core.stats()["query_queue"]).toBe("1");
  });

  it("for others is gossiped but neither acknowledged nor delivered, whatever its filters contain", () => {
    const bad = [
      Uint8Array.from([0, 0x91, 0xa1, 0x62]),
      new Uint8Array(),
      Uint8Array.from([0]),
      Uint8Array.from([1]),
      Uint8Array.from([1, 0xc1]),
      Uint8Array.from([2, 0x90]),
      Uint8Array.from([0, 0xdd, 0xff, 0xff, 0xff, 0xff]),
    ];
    for (const filter of bad) {
      const network = new Network();
      const node = network.add("a");
      give(node, network, { ...asked, flags: 1, filters: [filter] });
      expect(node.queries).toEqual([]);
      expect(toStranger(node)).toEqual([]);
      expect(node.core.stats()["query_queue"]).toBe("1");
    }
  });

  it("can be answered once, in time, and within the limit", () => {
    const network = new Network();
    const node = network.add("node-b");
    give(node, network, asked);
    const [query] = node.queries;
    const prefix = "failed to respond to key query: ";
    expect(() => query!.respond(new Uint8Array(1_000))).toThrow(
      `${prefix}response exceeds limit of 1024 bytes`,
    );
    query!.respond(new Uint8Array(975));
    expect(() => query!.respond(text("again"))).toThrow(`${prefix}response already sent`);
    give(node, network, { ...asked, id: 8, timeout: 1_000_000n });
    network.now += 2;
    expect(() => node.queries[1]!.respond(text("late"))).toThrow(`${prefix}response is past the deadline`);
    give(node, network, { ...asked, id: 9, timeout: 0n });
    node.queries[2]!.respond(text("just in time"));
    expect(toStranger(node)).toHaveLength(2);
  });

  it("is answered with copies through relays, which forward them unchanged", () => {
    const { network, nodes } = trio();
    const [web, db] = nodes;
    network.fate = (from, to) => (from === db && to.host === web!.host ? 0 : 1);
    web!.core.queries.ask(network.now, 1, question("load", { nodes: ["db"], ack: true, relayFactor: 2 }));
    network.run(1_000);
    db!.queries[0]!.respond(text("round about"));
    network.settle();
    expect(web!.replies).toEqual(["ack db", "response db round about", "end"]);
    expect(nodes[2]!.logs).toContain("DEBUG serf: Relaying response to addr: 10.0.0.1:7946");
  });

  it("whose answer is too large to relay is answered directly, with a warning", () => {
    const { network, nodes } = trio();
    const [web, db] = nodes;
    web!.core.queries.ask(network.now, 1, question("load", { nodes: ["db"], relayFactor: 2 }));
    network.run(1_000);
    expect(() => db!.queries[0]!.respond(new Uint8Array(960))).toThrow(
      "failed to respond to key query: relayed response exceeds limit of 1024 bytes",
    );
    network.settle();
    expect(web!.replies).toHaveLength(2);
    db!.queries[0]!.respond(text("shorter"));
  });

  it("from an impossible address does no harm", () => {
    const network = new Network();
    const node = network.add("a");
    for (const [id, bytes] of [
      new Uint8Array(),
      new Uint8Array(4),
      new Uint8Array(5),
      new Uint8Array(16),
    ].entries()) {
      give(node, network, { ...asked, id, address: bytes, flags: 1, relayFactor: 255 });
    }
    for (const query of node.queries) query.respond(text("x"));
    expect(node.queries).toHaveLength(4);
    expect(node.sent.filter(({ to }) => to.host !== "10.0.0.1")).toEqual([]);
  });

  it("is delivered at most once, however duplicated and reordered, and the clock never goes back", () => {
    const one = fc.record({ lamportTime: fc.bigInt(0n, 600n), id: fc.integer({ min: 0, max: 3 }) });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (messages) => {
        const network = new Network();
        const node = network.add("a");
        let clock = 0n;
        for (const message of messages) {
          give(node, network, { ...asked, ...message, name: `${message.lamportTime} ${message.id}` });
          const time = BigInt(node.core.stats()["query_time"]!);
          expect(time).toBeGreaterThanOrEqual(clock);
          clock = time;
        }
        const names = node.queries.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe("replies", () => {
  const reply = (lamportTime: bigint, id: number, from: string, flags = 0): Uint8Array =>
    user(encodeQueryResponse({ type: "queryResponse", lamportTime, id, from, flags, payload: text("x") }));

  it("of one member count once; those to unknown queries or with a wrong id are ignored", () => {
    const network = new Network();
    const node = network.add("a");
    node.core.queries.ask(0, 1, question("q", { waitForDeadline: true }));
    network.settle();
    const { message } = { message: node.queries[0]! };
    const send = (bytes: Uint8Array): void => node.core.packet(1, stranger, bytes);
    const sentQuery = idOf(node);
    send(reply(message.lamportTime, sentQuery, "b"));
    send(reply(message.lamportTime, sentQuery, "b"));
    send(reply(message.lamportTime, sentQuery, "c", 1));
    send(reply(message.lamportTime, (sentQuery + 1) >>> 0, "d"));
    send(reply(99n, sentQuery, "e"));
    network.settle();
    expect(node.replies).toEqual(["response b x"]);
    expect(node.logs.filter((line) => /reply|dropping/.test(line))).toEqual([
      "WARN serf: Failed to deliver query response, dropping",
      `WARN serf: query reply ID mismatch (Local: ${sentQuery}, Response: ${(sentQuery + 1) >>> 0})`,
      `WARN serf: reply for non-running query (LTime: 99, ID: ${sentQuery}) From: e`,
    ]);
  });

  it("count until the deadline, also if its timer is late", () => {
    const network = new Network();
    const node = network.add("a");
    node.core.queries.ask(0, 1, question("q", { timeoutMs: 1_000 }));
    network.settle();
    const id = idOf(node);
    for (const [at, name] of [
      [1_000, "b"],
      [1_001, "c"],
    ] as const)
      node.core.packet(at, stranger, reply(1n, id, name));
    network.settle();
    expect(node.replies).toEqual(["response b x"]);
  });

  it("from unlimited names are bounded", () => {
    const network = new Network();
    const node = network.add("a");
    node.core.queries.ask(0, 1, question("q", { waitForDeadline: true }));
    network.settle();
    const id = idOf(node);
    for (let index = 0; index < 500; index++) node.core.packet(1, stranger, reply(1n, id, `n${index}`));
    network.settle();
    expect(node.replies).toHaveLength(66);
  });
});

/** Returns the id of the query that a node gossips: adds a peer and reads its next packet. */
function idOf(node: TestNode): number {
  const seal = { crc: false, encrypt: false };
  node.core.packet(0, stranger, node.codec.seal([node.codec.encode(alive("peer", 1, 77))], seal));
  node.core.tick(200);
  for (const effect of node.core.drain()) {
    if (effect.kind !== "send") continue;
    for (const message of node.codec.open(effect.bytes, { verifyIncoming: false }).messages) {
      const inner = message.type === "user" ? decodeMessage(message.payload) : undefined;
      if (inner?.type === "query") return inner.id;
    }
  }
  throw new Error("no query is gossiped");
}
