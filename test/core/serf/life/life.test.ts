import { describe, expect, it } from "vitest";
import { Network, type TestNode } from "../nodes.ts";

describe("a node that left", () => {
  it("can join again and is alive on all nodes, at a higher incarnation", () => {
    const network = new Network();
    const nodes = ["a", "b", "c"].map((name) => network.add(name));
    network.join();
    const [a, b, c] = nodes;
    c!.core.leave(network.now, 7);
    expect(c!.core.joinRefusal).toBe("Serf can't Join after Leave or Shutdown");
    network.run(8_000);
    expect(c!.core.state).toBe("left");
    expect(a!.core.member("c")!.status).toBe("left");
    expect(c!.core.joinRefusal).toBe(undefined);

    network.joinTo(c!, a!);
    network.run(8_000);
    for (const node of nodes) {
      expect(
        node.core
          .members()
          .map(({ name, status }) => `${name} ${status}`)
          .sort(),
      ).toEqual(["a alive", "b alive", "c alive"]);
    }
    expect(b!.events.map(({ type }) => type).slice(-2)).toEqual(["member-leave", "member-join"]);
    network.run(60_000);
    expect(b!.core.member("c")!.status).toBe("alive");

    c!.core.leave(network.now, 8);
    network.run(8_000);
    expect(a!.core.member("c")!.status).toBe("left");
    expect(c!.effects.filter(({ kind }) => kind === "settle")).toHaveLength(4);
  });

  it("came back alone when all its joins are over and none reached anybody", () => {
    const network = new Network();
    const { core } = network.add("a");
    core.leave(network.now, 7);
    network.run(8_000);
    expect(core.state).toBe("left");
    for (let joins = 0; joins < 2; joins++) core.beginJoin(network.now, false);
    core.join(network.now, 1, { host: "10.0.0.9", port: 7946 }, "");
    const dial = core.drain().find((effect) => effect.kind === "dial");
    core.stream(network.now, dial!.id, { kind: "opened" });
    core.stream(network.now, dial!.id, { kind: "failed", code: "ECONNRESET", reason: "reset" });
    expect(core.state).toBe("alive");
    expect([0, 1].map(() => core.endJoin(network.now, false, 0))).toEqual([false, true]);
  });
});

describe("a node that leaves", () => {
  it("waits for no broadcast when the only other member leaves too", () => {
    const network = new Network();
    const nodes = ["a", "b"].map((name) => network.add(name));
    network.join();
    network.run(10_000);
    for (const { core } of nodes) core.leave(network.now, 7);
    network.run(1_500);
    expect(nodes.map(({ core }) => core.state)).toEqual(["left", "left"]);
  });
});

describe("a failed member", () => {
  function failed(): { network: Network; a: TestNode; b: TestNode } {
    const network = new Network();
    const [a, b, c] = ["a", "b", "c"].map((name) => network.add(name));
    network.join();
    network.nodes.splice(network.nodes.indexOf(c!), 1);
    network.run(120_000);
    for (const node of [a!, b!]) expect(node.core.member("c")?.status).toBe("failed");
    return { network, a: a!, b: b! };
  }

  it.each([
    [false, "left"],
    [true, undefined],
  ])("has left everywhere after a force-leave (prune: %s)", (prune, status) => {
    const { network, a, b } = failed();
    a.core.removeFailedNode(network.now, 5, "c", prune);
    network.run(5_000);
    for (const node of [a, b]) expect(node.core.member("c")?.status).toBe(status);
    expect(b.events.map(({ type }) => type).slice(-1)).toEqual([prune ? "member-reap" : "member-leave"]);
    expect(a.effects).toContainEqual({ kind: "settle", command: 5, error: undefined });
  });
});

describe("a live member", () => {
  it("cannot be erased, and a plain force-leave is refuted", () => {
    const network = new Network();
    const nodes = ["a", "b"].map((name) => network.add(name));
    network.join();
    const [a] = nodes;
    expect(() => a!.core.removeFailedNode(network.now, 5, "b", true)).toThrow(
      expect.objectContaining({ code: "ERR_STATE", message: 'Cannot prune "b": the member is alive' }),
    );
    a!.core.removeFailedNode(network.now, 6, "b", false);
    a!.core.removeFailedNode(network.now, 7, "a", false);
    network.run(5_000);
    for (const node of nodes) {
      expect(node.core.members().map(({ status }) => status)).toEqual(["alive", "alive"]);
    }
    expect(
      a!.effects.filter((effect) => effect.kind === "settle" && effect.error === undefined),
    ).toHaveLength(2);
  });
});

describe("admission", () => {
  it("refuses members and merges, and logs the reason", () => {
    const network = new Network();
    const a = network.add("a", {
      parts: {
        admission: {
          admitMember: (member) => (member.name === "b" ? "not you" : null),
          admitMerge: (members) => (members.some(({ name }) => name === "c") ? "no strangers" : null),
        },
      },
    });
    const b = network.add("b");
    const c = network.add("c");
    network.joinTo(b, a);
    network.joinTo(c, a);
    expect(a.core.members().map(({ name }) => name)).toEqual(["a"]);
    expect(a.logs.join("\n")).toContain("ignoring alive message for 'b': not you");
    expect(a.logs.join("\n")).toContain("no strangers");
  });

  it("checks names against the strict rule if the option is set", () => {
    const network = new Network();
    const a = network.add("a", { config: { validateNodeNames: true } });
    const bad = network.add("b b");
    const good = network.add("b-1.x");
    network.joinTo(bad, a);
    network.joinTo(good, a);
    expect(a.core.members().map(({ name }) => name)).toEqual(["a", "b-1.x"]);
    expect(a.logs.join("\n")).toContain("Node name contains invalid characters b b ,");
  });

  it("treats an exception as a refusal", () => {
    const network = new Network();
    const admitMember = (): null => {
      throw new Error("broken hook");
    };
    const a = network.add("a", { parts: { admission: { admitMember } } });
    network.joinTo(network.add("b"), a);
    expect(a.core.members()).toHaveLength(1);
    expect(a.logs.join("\n")).toContain("broken hook");
  });
});
