import { describe, expect, it } from "vitest";
import { alive } from "../../swim/machine.ts";
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
