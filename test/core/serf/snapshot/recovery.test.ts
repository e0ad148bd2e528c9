import { describe, expect, it } from "vitest";
import { replay } from "../../../../src/core/serf/snapshot/format.ts";
import { encodeQuery, encodeUserEvent } from "../../../../src/core/serf/wire/encoding.ts";
import { address } from "../../swim/machine.ts";
import { Network, type TestNode } from "../nodes.ts";

const stranger = { host: "10.0.0.9", port: 7946 };

/** A node that was restarted with this file. */
function restarted(...lines: string[]): { network: Network; node: TestNode } {
  const network = new Network();
  const restored = replay(new TextEncoder().encode(`${lines.join("\n")}\n`), false);
  return { network, node: network.add("a", { parts: { restored } }) };
}

function give(network: Network, node: TestNode, payload: Uint8Array): void {
  node.core.packet(network.now, stranger, node.codec.encode({ type: "user", payload }));
  network.settle();
}

describe("a node that was restarted", () => {
  it("has its clocks again", () => {
    const { node } = restarted("clock: 7", "event-clock: 8", "query-clock: 9");
    expect(node.core.stats()).toMatchObject({ member_time: "8", event_time: "9", query_time: "10" });
  });

  it("delivers no user event that it may have delivered in its last life, and those after it", () => {
    const { network, node } = restarted("event-clock: 8");
    for (const lamportTime of [7n, 8n, 9n]) {
      const event = { lamportTime, name: `e${lamportTime}`, payload: null, coalesce: false } as const;
      give(network, node, encodeUserEvent({ type: "userEvent", ...event }));
    }
    expect(node.userEvents).toEqual(["e9"]);
  });

  it("delivers no query that it may have delivered in its last life, and those after it", () => {
    const { network, node } = restarted("query-clock: 8");
    for (const lamportTime of [7n, 8n, 9n]) {
      const query = {
        id: 1,
        address: address(9),
        port: 7946,
        sourceNode: "x",
        filters: [],
        flags: 0,
        relayFactor: 0,
        timeout: 1_000_000_000n,
        name: `q${lamportTime}`,
        payload: null,
      };
      give(network, node, encodeQuery({ type: "query", lamportTime, ...query }));
    }
    expect(node.queries.map(({ name }) => name)).toEqual(["q9"]);
  });

  it("announces itself with a higher incarnation than before", () => {
    const { network, node } = restarted("#incarnation: 41");
    const b = network.add("b");
    network.joinTo(b, node);
    const state = b.codec.encode({ type: "suspect", node: "a", incarnation: 41, from: "x" });
    b.core.packet(network.now, stranger, state);
    expect(b.core.stats()["failed"]).toBe("0");
    network.run(30_000);
    // An accusation of the last life is older than what others know of the node.
    expect(node.logs.filter((line) => line.includes("Refuting"))).toEqual([]);
    expect(b.core.member("a")?.status).toBe("alive");
  });

  it("contacts the members that it knew, at the start and again when it can reconnect", () => {
    const network = new Network();
    const b = network.add("b");
    const restored = replay(
      new TextEncoder().encode("alive: b 10.0.0.1:7946\nalive: c 10.0.0.77:7946\n"),
      false,
    );
    const a = network.add("a", { parts: { restored } });
    expect(a.core.member("b")?.status).toBe("alive");
    expect(b.core.member("a")?.status).toBe("alive");
    const again = (): number => a.logs.filter((line) => line.includes("attempting reconnect to c")).length;
    const before = again();
    network.run(5 * 60_000);
    expect(again()).toBeGreaterThan(before);
  });
});
