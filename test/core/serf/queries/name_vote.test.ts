import { describe, expect, it } from "vitest";
import { rulesOfMemberlist } from "../../../../src/core/swim/config.ts";
import { address, alive, swimConfig } from "../../swim/machine.ts";
import { Network } from "../nodes.ts";

const halted = (effects: readonly { kind: string }[]): boolean => effects.some(({ kind }) => kind === "halt");

describe("two nodes of one name", () => {
  it("ask the others: the node that they know stays, the newcomer stops", () => {
    const network = new Network();
    const nodes = ["twin", "b", "c"].map((name) => network.add(name));
    network.join();
    const newcomer = network.add("twin", { last: 9 });
    network.joinTo(newcomer, nodes[1]!);
    network.run(10_000);
    expect(newcomer.logs).toContain(
      "ERR serf: Node name conflicts with another node at 10.0.0.1:7946. Names must be unique! (Resolution enabled: true)",
    );
    expect(newcomer.logs).toContain("WARN serf: minority in name conflict resolution, quiting [0 / 2]");
    expect(halted(newcomer.effects)).toBe(true);
    expect(halted(nodes[0]!.effects)).toBe(false);
    expect(nodes[1]!.logs).toContain(
      "WARN serf: Name conflict for 'twin' both 10.0.0.1:7946 and 10.0.0.9:7946 are claiming",
    );
  });

  it("are one that has another address now, if nobody is at the old one: it stays, and is a member there", () => {
    const network = new Network();
    const [before, ...others] = ["twin", "b", "c"].map((name) => network.add(name));
    network.join();
    network.nodes.splice(network.nodes.indexOf(before!), 1);
    const moved = network.add("twin", { last: 9 });
    network.joinTo(moved, others[0]!);
    network.run(10_000);
    expect(moved.logs).toEqual(
      expect.arrayContaining([
        "ERR serf: Node name conflicts with another node at 10.0.0.1:7946. Names must be unique! (Resolution enabled: true)",
        "WARN serf: minority in name conflict resolution [0 / 2], but nobody of this name replies at 10.0.0.1:7946: staying (connection refused)",
      ]),
    );
    network.run(110_000);
    expect(halted(moved.effects)).toBe(false);
    for (const { core } of [moved, ...others])
      expect(core.member("twin")).toMatchObject({ status: "alive", address: "10.0.0.9" });
  });

  it("are one if a node of another name is at the old address", () => {
    const network = new Network();
    const [before, ...others] = ["twin", "b", "c"].map((name) => network.add(name));
    network.join();
    network.nodes.splice(network.nodes.indexOf(before!), 1);
    const tenant = network.add("tenant", { last: 1 });
    network.joinTo(tenant, others[0]!);
    const moved = network.add("twin", { last: 9 });
    network.joinTo(moved, others[0]!);
    network.run(120_000);
    expect(halted(moved.effects)).toBe(false);
    for (const { core } of [moved, ...others])
      expect(core.member("twin")).toMatchObject({ status: "alive", address: "10.0.0.9" });
  });

  it("are taken for two without the rule, as in Go", () => {
    const network = new Network();
    const [before, ...others] = ["twin", "b", "c"].map((name) => network.add(name));
    network.join();
    network.nodes.splice(network.nodes.indexOf(before!), 1);
    const swim = { ...swimConfig({ name: "twin", address: address(9) }), rules: rulesOfMemberlist };
    const moved = network.add("twin", { last: 9, parts: { swim } });
    network.joinTo(moved, others[0]!);
    network.run(10_000);
    expect(halted(moved.effects)).toBe(true);
  });

  it("without other members both stop, because no member votes for them", () => {
    const network = new Network();
    const first = network.add("twin");
    const second = network.add("twin", { last: 9 });
    network.joinTo(second, first);
    network.run(5_000);
    expect([halted(first.effects), halted(second.effects)]).toEqual([true, true]);
  });

  it("ask once, however often they meet meanwhile", () => {
    const network = new Network();
    const { core, codec } = network.add("twin");
    const claim = codec.seal([codec.encode(alive("twin", 1, 9))], { crc: false, encrypt: false });
    for (let times = 0; times < 3; times++) core.packet(0, { host: "10.0.0.9", port: 7946 }, claim);
    expect(core.stats()["query_time"]).toBe("2");
  });

  it("only log a warning if votes are switched off", () => {
    const network = new Network();
    const config = { enableNameConflictResolution: false };
    const first = network.add("twin", { config });
    const second = network.add("twin", { last: 9, config });
    network.joinTo(second, first);
    network.run(5_000);
    expect([halted(first.effects), halted(second.effects)]).toEqual([false, false]);
    expect(second.logs.join("\n")).toContain("(Resolution enabled: false)");
    expect(second.queries).toEqual([]);
  });
});

describe("a node that receives a vote query", () => {
  it("does not vote about its own name, and sends nil for an unknown one", () => {
    const network = new Network();
    const [a] = ["a", "b"].map((name) => network.add(name));
    network.join();
    a!.core.queries.ask(network.now, 1, {
      name: "_serf_conflict",
      payload: new TextEncoder().encode("b"),
      nodes: [],
      tags: new Map(),
      ack: false,
      relayFactor: 0,
      timeoutMs: 0,
      waitForDeadline: false,
    });
    network.run(4_000);
    const replies = a!.effects.filter((effect) => effect.kind === "reply");
    expect(replies.map(({ from }) => from)).toEqual(["a"]);
    expect(replies[0]!.payload[0]).toBe(6);
    expect(a!.replies.at(-1)).toBe("end b");
  });
});
