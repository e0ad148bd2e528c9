import { describe, expect, it } from "vitest";
import { World } from "../../../runtimes/sim/mod.ts";
import { answersAtOnceMax } from "../../../src/shell/events/answers.ts";
import { Serf } from "../../../src/shell/serf.ts";
import { Cluster } from "../../simulation/cluster.ts";
import { watchedSignal } from "../signals.ts";

async function cluster(size = 2, options: object = {}): Promise<Cluster> {
  const nodes = new Cluster({ size, seed: 5, network: { latencyMs: [1, 3] }, options });
  await nodes.join();
  await nodes.world.run(5_000);
  return nodes;
}

/** A node whose events nobody has read. */
async function fresh(): Promise<{ readonly world: World; readonly serf: Serf }> {
  const world = new World({ seed: 5 });
  const runtime = world.addHost("n0", "10.0.0.1");
  const serf = await world.settle(Serf.start({ bind: "10.0.0.1:7946" }, runtime));
  return { world, serf };
}

const inText = (payload: Uint8Array): string => new TextDecoder().decode(payload);
const linesOf = (nodes: Cluster, observer: string): string[] =>
  nodes.lines.flatMap(({ observer: at, line }) => (at === observer ? `${line.level} ${line.text}` : []));

describe("an iterator over selected events", () => {
  it("has those of its types and its name, and ends with the node", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const seen: string[] = [];
    const read = async (which: string, events: AsyncIterable<{ readonly type: string }>): Promise<void> => {
      for await (const event of events) seen.push(`${which} ${event.type}`);
    };
    const reading = [
      read("joins", n1.events({ types: ["member-join"] })),
      read("named", n1.events({ name: "deploy" })),
      read("user", n1.events({ types: ["user"], name: "deploy" })),
      read("end", n1.events({ types: ["stopped"] })),
    ];
    n0.userEvent("deploy", "v2");
    n0.userEvent("other");
    n0.query("deploy");
    n0.query("other");
    await nodes.world.run(1_000);
    await nodes.world.settle(n1.shutdown());
    await Promise.all(reading);
    expect(seen.sort()).toEqual(["end stopped", "named query", "named stopped", "named user", "user user"]);
  });

  it("logs what it lost, unless it asked for that itself", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const silent = n1.events({ types: ["user"], capacity: 1 });
    const counted = n1.events({ types: ["user", "lagged"], capacity: 1 });
    for (const name of ["a", "b", "c"]) n0.userEvent(name);
    await nodes.world.run(1_000);
    expect(await silent.next()).toMatchObject({ value: { name: "c" } });
    expect(await counted.next()).toEqual({ done: false, value: { type: "lagged", count: 2 } });
    expect(linesOf(nodes, "n1").filter((line) => line.includes("did not keep up"))).toEqual([
      "WARN 2 events were dropped, because a consumer of events did not keep up",
    ]);
  });

  it("is refused for what is no type", async () => {
    const nodes = await cluster(1);
    const events = nodes.node("n0").events as (options: unknown) => unknown;
    for (const options of [{ types: ["joined"] }, { types: "user" }, { name: 7 }, { kinds: [] }]) {
      expect(() => events.call(nodes.node("n0"), options)).toThrow(
        expect.objectContaining({
          code: "ERR_OPTION",
          message: expect.stringContaining("Cannot read events"),
        }),
      );
    }
  });
});

describe("a payload", () => {
  it("is read as text and as JSON, in events, queries and replies", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const event = n1.once("user");
    const query = n1.once("query");
    n0.userEvent("deploy", '{"version":2}');
    const asked = n0.query("load", "läuft");
    expect((await nodes.world.settle(event)).json()).toEqual({ version: 2 });
    const received = await nodes.world.settle(query);
    expect([received.text(), received.payload]).toEqual(["läuft", new TextEncoder().encode("läuft")]);
    expect(() => received.json()).toThrow(
      expect.objectContaining({
        code: "ERR_WIRE",
        message: expect.stringContaining('Cannot read the payload of the query "load" as JSON: '),
      }),
    );
    received.respond("[1, 2]");
    const { responses } = await nodes.world.settle(asked.collect());
    expect(responses.map((reply) => [reply.from, reply.text(), reply.json()])).toEqual([
      ["n1", "[1, 2]", [1, 2]],
    ]);
    expect(responses[0]!.payload).toBeInstanceOf(Uint8Array);
    expect(JSON.parse(JSON.stringify(responses[0]))).toEqual({
      type: "response",
      from: "n1",
      payload: "WzEsIDJd",
    });
  });
});

describe("a listener", () => {
  it("gets the events of its type until it is disposed of, and its failures are logged", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const seen: string[] = [];
    const listening = n1.on("user", (event) => {
      seen.push(event.text());
      if (event.text() === "a") throw new Error("first");
    });
    n1.on("user", () => Promise.reject(new Error("second")), { name: "only" });
    n0.userEvent("deploy", "a");
    n0.userEvent("only", "b");
    await nodes.world.run(1_000);
    listening[Symbol.dispose]();
    listening[Symbol.dispose]();
    n0.userEvent("deploy", "c");
    await nodes.world.run(1_000);
    expect(seen).toEqual(["a", "b"]);
    expect(linesOf(nodes, "n1").filter((line) => line.includes("listener"))).toEqual([
      'ERR A listener to "user" events failed: first',
      'ERR A listener to "user" events failed: second',
    ]);
  });

  it("leaves the events from before to the first iterator", async () => {
    const { world, serf } = await fresh();
    const joined: string[] = [];
    serf.on("member-join", ({ members }) => joined.push(members[0]!.name));
    const first = serf.events({ types: ["member-join"] });
    expect(await first.next()).toMatchObject({ value: { members: [{ name: "n0" }] } });
    await world.settle(serf.shutdown());
    await world.run(1);
    expect(joined).toEqual([]);
    expect(await first.next()).toEqual({ done: true, value: undefined });
  });

  it("ends with its signal, and leaves nothing at it", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const controller = new AbortController();
    const seen: string[] = [];
    n1.on("user", ({ name }) => seen.push(name), { signal: controller.signal });
    n0.userEvent("a");
    await nodes.world.run(1_000);
    controller.abort();
    n0.userEvent("b");
    await nodes.world.run(1_000);
    expect(seen).toEqual(["a"]);
    const { signal, listeners } = watchedSignal();
    n1.on("user", () => undefined, { signal })[Symbol.dispose]();
    n1.answer("load", () => "", { signal })[Symbol.dispose]();
    n0.userEvent("c");
    await nodes.world.settle(n1.once("user", { signal }));
    await nodes.world.settle(n1.waitFor(() => true, { signal }));
    await nodes.world.run(1);
    expect(listeners.size).toBe(0);
  });
});

describe("waiting for an event", () => {
  it("ends with the next one, its signal, or the node", async () => {
    const nodes = await cluster();
    const [n0, n1] = [nodes.node("n0"), nodes.node("n1")];
    const named = n1.once("user", { name: "b" });
    n0.userEvent("a");
    n0.userEvent("b", "2");
    expect(await nodes.world.settle(named)).toMatchObject({ name: "b" });
    const reason = new Error("enough");
    await expect(n1.once("user", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    const aborted = n1.once("user", { signal: controller.signal });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    const ended = n1.once("user");
    const last = n1.once("stopped");
    ended.catch(() => undefined);
    await nodes.world.settle(n1.shutdown());
    await expect(ended).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await last).toEqual({ type: "stopped", reason: "shutdown" });
    expect(await n1.once("stopped")).toEqual({ type: "stopped", reason: "shutdown" });
  });
});

describe("waiting for members", () => {
  it("ends as soon as they match, also in ways that no event reports", async () => {
    const nodes = await cluster(3, { coalesceMs: 60_000, quiescentMs: 60_000 });
    const [n0, n2] = [nodes.node("n0"), nodes.node("n2")];
    const statusOf = (members: ReturnType<typeof n0.members>) =>
      members.find(({ name }) => name === "n2")?.status;
    expect(await nodes.world.settle(n0.waitFor((members) => members.length === 3))).toEqual(n0.members());
    const leaving = nodes.world.settle(n0.waitFor((members) => statusOf(members) === "leaving"));
    const left = nodes.world.settle(n0.waitFor((members) => statusOf(members) === "left"));
    void n2.leave();
    expect(statusOf(await leaving)).toBe("leaving");
    expect(statusOf(await left)).toBe("left");
  });

  it("ends with its time, its signal, the node, and what the function throws", async () => {
    const nodes = await cluster();
    const n0 = nodes.node("n0");
    const began = nodes.world.now;
    await expect(nodes.world.settle(n0.waitFor(() => false, { timeoutMs: 700 }))).rejects.toMatchObject({
      code: "ERR_TIMEOUT",
    });
    expect(nodes.world.now - began).toBe(700);
    const reason = new Error("enough");
    const controller = new AbortController();
    const aborted = n0.waitFor(() => false, { signal: controller.signal });
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(n0.waitFor(() => false, { signal: controller.signal })).rejects.toBe(reason);
    const thrown = n0.waitFor(() => {
      throw reason;
    });
    await expect(thrown).rejects.toBe(reason);
    await expect(n0.waitFor(() => false, { timeoutMs: -1 })).rejects.toMatchObject({ code: "ERR_OPTION" });
    await expect(n0.waitFor("all" as never)).rejects.toMatchObject({ code: "ERR_OPTION" });
    const stopped = n0.waitFor(() => false);
    stopped.catch(() => undefined);
    await nodes.world.settle(n0.shutdown());
    await expect(stopped).rejects.toMatchObject({ code: "ERR_STATE" });
    await expect(n0.waitFor(() => false)).rejects.toMatchObject({ code: "ERR_STATE" });
    expect(await n0.waitFor(() => true)).toHaveLength(2);
  });
});

describe("a function that answers queries", () => {
  it("sends what it returns: text, bytes or nothing", async () => {
    const nodes = await cluster(3);
    nodes.node("n1").answer("load", async (query) => `${query.text()} ${query.source}`);
    nodes.node("n2").answer("load", () => Uint8Array.of(55));
    nodes.node("n0").answer("load", () => undefined);
    const { acks, responses, missing } = await nodes.world.settle(
      nodes.node("n0").query("load", "of", { ack: true, timeoutMs: 2_000 }).collect(),
    );
    expect([...acks].sort()).toEqual(["n0", "n1", "n2"]);
    expect(responses.map(({ from, payload }) => `${from}: ${inText(payload)}`).sort()).toEqual([
      "n1: of n0",
      "n2: 7",
    ]);
    expect(missing).toEqual(["n0"]);
  });

  it("that throws, or returns something else, sends nothing and is logged", async () => {
    const nodes = await cluster(3);
    nodes.node("n1").answer("load", () => Promise.reject(new Error("no sensor")));
    nodes.node("n2").answer("load", () => 7 as never);
    const { responses } = await nodes.world.settle(
      nodes.node("n0").query("load", "", { timeoutMs: 500 }).collect(),
    );
    expect(responses).toEqual([]);
    const lines = ["n1", "n2"]
      .flatMap((name) => linesOf(nodes, name))
      .filter((line) => line.includes("Cannot answer"));
    expect(lines).toEqual([
      'ERR Cannot answer the query "load" of "n0": no sensor',
      'ERR Cannot answer the query "load" of "n0": Cannot respond to a query: payload must be text or a Uint8Array, got 7',
    ]);
  });

  it("that is late sends nothing: its signal is aborted at the deadline, and that is logged", async () => {
    const nodes = await cluster();
    let aborted: unknown;
    let aborts = 0;
    nodes.node("n1").answer("load", (_query, signal) => {
      signal.addEventListener("abort", () => {
        aborts = nodes.world.now;
        aborted = signal.reason;
      });
      return new Promise(() => undefined);
    });
    const asked = nodes.world.now;
    const { responses } = await nodes.world.settle(
      nodes.node("n0").query("load", "", { timeoutMs: 500 }).collect(),
    );
    await nodes.world.run(100);
    expect(responses).toEqual([]);
    expect(aborted).toMatchObject({ code: "ERR_TIMEOUT" });
    expect(aborts - asked).toBeGreaterThanOrEqual(500);
    expect(aborts - asked).toBeLessThan(520);
    expect(linesOf(nodes, "n1")).toContain('ERR Cannot answer the query "load" of "n0": its time is over');
  });

  it("is the only one of its name until it is disposed of", async () => {
    const nodes = await cluster();
    const n1 = nodes.node("n1");
    const first = n1.answer("load", () => "first");
    const refused = 'Cannot answer "load": a function answers it already';
    expect(() => n1.answer("load", () => "second")).toThrow(
      expect.objectContaining({ code: "ERR_STATE", message: refused }),
    );
    first[Symbol.dispose]();
    n1.answer("load", () => "second");
    first[Symbol.dispose]();
    expect(() => n1.answer("load", () => "third")).toThrow(refused);
    const { responses } = await nodes.world.settle(
      nodes.node("n0").query("load", "", { timeoutMs: 500 }).collect(),
    );
    expect(responses.map((reply) => reply.text())).toEqual(["second"]);
  });

  it("is called for a bounded number of queries at once", async () => {
    const nodes = await cluster();
    let running = 0;
    let most = 0;
    nodes.node("n1").answer("load", async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => nodes.world.at(50, resolve));
      running -= 1;
      return "done";
    });
    const asked = Array.from({ length: answersAtOnceMax + 6 }, () =>
      nodes.node("n0").query("load", "", { timeoutMs: 5_000 }).collect(),
    );
    const results = await nodes.world.settle(Promise.all(asked));
    expect(results.filter(({ responses }) => responses.length === 1)).toHaveLength(asked.length);
    expect(most).toBe(answersAtOnceMax);
  });

  it("answers what arrived before it, and leaves that to the first reader of events, too", async () => {
    const { world, serf } = await fresh();
    const collected = serf.query("load", "", { timeoutMs: 300 }).collect();
    await world.run(10);
    serf.answer("load", () => "late");
    const { responses } = await world.settle(collected);
    expect(responses.map((reply) => reply.text())).toEqual(["late"]);
    const { value } = await serf.events({ types: ["query"] }).next();
    expect(value).toMatchObject({ name: "load" });
  });
});
