import { beforeEach, describe, expect, it } from "vitest";
import { NodeStateCode } from "../../../src/core/wire/messages.ts";
import { address, alive, Machine } from "./machine.ts";

const suspect = (node: string, incarnation: number, from = "x") =>
  ({ type: "suspect", node, incarnation, from }) as const;
const dead = (node: string, incarnation: number, from = "x") =>
  ({ type: "dead", node, incarnation, from }) as const;

let machine: Machine;

/** Brings node b into a state at incarnation 5. */
function bring(status: string): void {
  if (status === "unknown") return;
  machine.packet(alive("b", 5, 2));
  if (status === "suspect") machine.packet(suspect("b", 5));
  if (status === "dead") machine.packet(dead("b", 5));
  if (status === "left") machine.packet(dead("b", 5, "b"));
  machine.happened();
}

beforeEach(() => {
  machine = new Machine();
  machine.happened();
});

describe("state table", () => {
  // From, message, then, events. Incarnations are relative to 5.
  const table: [string, Parameters<Machine["packet"]>[0], string, string[]][] = [
    ["unknown", alive("b", 5, 2), "alive@5", ["joined b"]],
    ["unknown", alive("b", 0, 2), "dead@0", []],
    ["unknown", suspect("b", 9), "unknown", []],
    ["unknown", dead("b", 9), "unknown", []],
    ["alive", alive("b", 6, 2), "alive@6", []],
    ["alive", alive("b", 6, 2, { meta: new Uint8Array([8]) }), "alive@6", ["updated b"]],
    ["alive", alive("b", 5, 2, { meta: new Uint8Array([8]) }), "alive@5", []],
    ["alive", alive("b", 9, 3), "alive@5", ["conflict b"]],
    ["alive", alive("b", 9, 2, { port: 1 }), "alive@5", ["conflict b"]],
    ["alive", suspect("b", 4), "alive@5", []],
    ["alive", suspect("b", 5), "suspect@5", []],
    ["alive", suspect("b", 7), "suspect@7", []],
    ["alive", dead("b", 4), "alive@5", []],
    ["alive", dead("b", 5), "dead@5", ["left b"]],
    ["alive", dead("b", 7, "b"), "left@7", ["left b"]],
    ["suspect", alive("b", 5, 2), "suspect@5", []],
    ["suspect", alive("b", 6, 2), "alive@6", []],
    ["suspect", alive("b", 6, 2, { meta: null }), "alive@6", ["updated b"]],
    ["suspect", alive("b", 9, 3), "suspect@5", ["conflict b"]],
    ["suspect", suspect("b", 9, "y"), "suspect@5", []],
    ["suspect", dead("b", 5), "dead@5", ["left b"]],
    ["suspect", dead("b", 5, "b"), "left@5", ["left b"]],
    ["dead", alive("b", 5, 2), "dead@5", []],
    ["dead", alive("b", 6, 2), "alive@6", ["joined b"]],
    ["dead", alive("b", 9, 3), "dead@5", ["conflict b"]],
    ["dead", suspect("b", 9), "dead@5", []],
    ["dead", dead("b", 9, "b"), "dead@5", []],
    ["left", alive("b", 5, 2), "left@5", []],
    ["left", alive("b", 6, 2), "alive@6", ["joined b"]],
    ["left", alive("b", 1, 3), "left@5", []],
    ["left", alive("b", 6, 3), "alive@6", ["joined b"]],
    ["left", dead("b", 5), "left@5", []],
    ["left", dead("b", 9), "dead@9", ["joined b", "left b"]],
    ["left", dead("b", 9, "b"), "left@5", []],
  ];

  it.each(table)("a node that is %s takes %j and is %s", (from, message, then, events) => {
    bring(from);
    machine.packet(message);
    expect(machine.status("b")).toBe(then);
    expect(machine.happened()).toEqual(events);
  });

  it("broadcasts what it accepts, and nothing else", () => {
    machine.packet(alive("c", 1, 3), alive("b", 5, 2));
    machine.run(5_000);
    const known = machine.sent().filter(({ message }) => message.type === "alive" && message.node === "b");
    expect(known.length).toBeGreaterThan(0);
    machine.run(20_000);
    machine.packet(alive("b", 4, 2), suspect("b", 3), dead("b", 2));
    machine.packet(alive("c", 2, 3));
    machine.run(21_000);
    const later = machine.sent().map(({ message }) => message);
    expect(later).toContainEqual(expect.objectContaining({ type: "alive", node: "c", incarnation: 2 }));
    const stale = later.filter(
      (message) => "incarnation" in message && message.node === "b" && message.incarnation < 5,
    );
    expect(stale).toEqual([]);
  });
});

describe("our own node", () => {
  it.each([
    ["a suspicion", suspect("self", 1), 2],
    ["a death", dead("self", 4), 5],
    ["a newer alive with other metadata", alive("self", 3, 1), 4],
    ["an alive of its own incarnation with other metadata", alive("self", 1, 1), 2],
  ])("refutes %s with a higher incarnation, and its health gets worse", (_what, message, incarnation) => {
    machine.packet(alive("b", 1, 2));
    machine.packet(message);
    expect(machine.status("self")).toBe(`alive@${incarnation}`);
    expect(machine.swim.healthScore).toBe(1);
    machine.run(400);
    const refutation = machine
      .sent()
      .find(({ message: sent }) => sent.type === "alive" && sent.node === "self");
    expect(refutation?.message).toMatchObject({ incarnation, address: address(1) });
  });

  it("ignores an accusation with an older incarnation", () => {
    machine.packet(suspect("self", 0), dead("self", 0), alive("self", 1, 1, { meta: new Uint8Array([0]) }));
    expect(machine.status("self")).toBe("alive@1");
    expect(machine.swim.healthScore).toBe(0);
  });

  it("treats our name at another address as a conflict and does not refute it", () => {
    machine.packet(alive("self", 9, 9));
    expect(machine.happened()).toEqual(["conflict self"]);
    expect(machine.status("self")).toBe("alive@1");
  });

  it("ignores messages about itself after leaving", () => {
    machine.packet(alive("b", 1, 2));
    machine.swim.leave(machine.now, () => undefined);
    machine.packet(alive("self", 9, 1), suspect("self", 9), dead("self", 9));
    expect(machine.status("self")).toBe("left@1");
  });

  it("has spread new tags when they were sent often enough, at once only if it is alone", () => {
    let spread = 0;
    machine.swim.update(0, () => spread++);
    expect(spread).toBe(1);
    machine.packet(alive("b", 1, 2));
    machine.swim.update(0, () => spread++);
    expect(spread).toBe(1);
    machine.run(5_000);
    expect(spread).toBe(2);
  });

  it("counts and logs what it cannot read in a packet, and reads the rest", () => {
    const parts = [new Uint8Array([99, 0]), machine.codec.encode(alive("b", 1, 2))];
    const packet = machine.codec.seal(parts, { crc: false, encrypt: false });
    machine.swim.packet(0, { host: "10.0.0.9", port: 7 }, packet);
    machine.take();
    expect([machine.status("b"), machine.swim.faultCount]).toEqual(["alive@1", 1]);
    expect(machine.logs.at(-1)).toBe("ERR msg type (99) not supported from=10.0.0.9:7");
  });

  it("is alive again when it comes back, and refutes again", () => {
    machine.packet(alive("b", 1, 2));
    machine.swim.leave(machine.now, () => undefined);
    machine.swim.comeBack(machine.now);
    expect(machine.status("self")).toBe("alive@2");
    machine.packet(dead("self", 2));
    expect(machine.status("self")).toBe("alive@3");
  });
});

describe("suspicion", () => {
  it("without a refutation ends in death, sooner if others confirm it", () => {
    for (const [index, name] of ["b", "c", "d", "e"].entries()) machine.packet(alive(name, 1, index + 2));
    machine.packet(suspect("b", 1, "c"));
    machine.packet(suspect("b", 1, "d"), suspect("b", 1, "e"));
    machine.happened();
    machine.run(3_999);
    expect(machine.status("b")).toBe("suspect@1");
    machine.run(4_000);
    expect(machine.status("b")).toBe("dead@1");
    expect(machine.logs).toContain(
      "INFO Marking b as failed, suspect timeout reached (2 peer confirmations)",
    );
  });

  it("does not run out while this node itself stood still", () => {
    machine.packet(alive("b", 1, 2), suspect("b", 1));
    machine.run(1_000);
    machine.swim.tick(20_000);
    expect(machine.status("b")).toBe("suspect@1");
    machine.now = 20_000;
    machine.run(30_000);
    expect(machine.status("b")).toBe("dead@1");
  });

  it.each([
    [100, "dead@1"],
    [101, "suspect@1"],
  ])("runs out %i ms late: %s, as only what takes longer is a standstill", (lateMs, status) => {
    machine.packet(alive("b", 1, 2), suspect("b", 1));
    machine.run(3_999);
    machine.swim.tick(4_000 + lateMs);
    expect(machine.status("b")).toBe(status);
  });

  it("lasts longer by all the time since the last input, if this node stood still", () => {
    machine.packet(alive("b", 1, 2), suspect("b", 1));
    machine.run(900);
    machine.swim.packet(950, { host: "10.0.0.2", port: 7946 }, new Uint8Array(1));
    machine.swim.tick(20_000);
    machine.now = 20_000;
    machine.run(4_000 + 19_050 - 1);
    expect(machine.status("b")).toBe("suspect@1");
    machine.run(4_000 + 19_050);
    expect(machine.status("b")).toBe("dead@1");
  });

  it("is broadcast again for each accuser that shortens it, and for no other", () => {
    machine = new Machine({ probeIntervalMs: 1e9 });
    for (const [index, name] of ["b", "c", "d", "e", "f"].entries())
      machine.packet(alive(name, 1, index + 2));
    machine.run(5_000);
    const accusers: string[] = [];
    // The second of d adds nothing, and after two confirmations the suspicion is as short as it gets.
    for (const from of ["c", "d", "d", "e", "f"]) {
      machine.packet(suspect("b", 1, from));
      machine.run(machine.now + 5_000);
      const sent = machine.sent().find(({ message }) => message.type === "suspect");
      accusers.push(sent?.message.type === "suspect" ? sent.message.from : "nobody");
    }
    expect(accusers).toEqual(["c", "d", "nobody", "e", "nobody"]);
  });

  it("ends when the suspect refutes, even if it is suspected again later", () => {
    machine.packet(alive("b", 1, 2), suspect("b", 1));
    machine.run(3_000);
    machine.packet(alive("b", 2, 2));
    machine.run(4_500);
    expect(machine.status("b")).toMatch(/^(alive|suspect)@2$/);
    machine.packet(suspect("b", 2));
    machine.run(7_000);
    expect(machine.status("b")).toBe("suspect@2");
  });

  it("is the result of a dead entry in a push/pull, while a left entry is accepted", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    const id = machine.swim.accept(0, { host: "10.0.0.9", port: 1 })!;
    const nodes = [
      {
        node: "b",
        incarnation: 1,
        address: address(2),
        port: 7946,
        meta: null,
        versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
        state: NodeStateCode.dead,
      },
      {
        node: "c",
        incarnation: 1,
        address: address(3),
        port: 7946,
        meta: null,
        versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
        state: NodeStateCode.left,
      },
    ];
    const bytes = machine.codec.sealStream(
      machine.codec.encode({ type: "pushPull", join: false, nodes, userState: new Uint8Array() }),
      { labelHeader: true, encrypt: false },
    );
    machine.swim.stream(0, id, { kind: "received", bytes: bytes });
    expect([machine.status("b"), machine.status("c")]).toEqual(["suspect@1", "left@1"]);
  });
});

describe("rejected", () => {
  it.each([
    ["an empty name", alive("", 1, 2)],
    ["a name with a line feed", alive("a\nb", 1, 2)],
    ["a name of 256 bytes", alive("é".repeat(128), 1, 2)],
    ["an unspecified address", alive("b", 1, 2, { address: new Uint8Array(4) })],
    ["an unspecified IPv6 address", alive("b", 1, 2, { address: new Uint8Array(16) })],
    ["a multicast address", alive("b", 1, 2, { address: new Uint8Array([224, 0, 0, 1]) })],
    ["an address of 5 bytes", alive("b", 1, 2, { address: new Uint8Array(5) })],
    ["port 0", alive("b", 1, 2, { port: 0 })],
    ["metadata of 513 bytes", alive("b", 1, 2, { meta: new Uint8Array(513) })],
    [
      "protocol versions that contradict each other",
      alive("b", 1, 2, { versions: new Uint8Array([5, 1, 2, 2, 5, 5]) }),
    ],
    ["protocol version 0", alive("b", 1, 2, { versions: new Uint8Array([0, 5, 2, 2, 5, 5]) })],
    ["an incarnation that nobody could refute", alive("b", 0xffff_ffff, 2)],
  ])("is a member with %s", (_what, message) => {
    machine.packet(message);
    expect(machine.swim.nodes.map((node) => node.name)).toEqual(["self"]);
  });

  it("is no member because it knows a single version of the protocol", () => {
    machine.packet(alive("b", 1, 2, { versions: new Uint8Array([2, 2, 2, 2, 5, 5]) }));
    expect(machine.status("b")).toBe("alive@1");
  });

  it("is a member that the application does not admit", () => {
    machine.admission = "not from here";
    machine.packet(alive("b", 1, 2));
    expect(machine.status("b")).toBe("unknown");
  });
});

describe("members", () => {
  it("are live while they are alive or suspected", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    expect(machine.swim.liveCount).toBe(3);
    machine.packet(suspect("b", 1));
    expect(machine.swim.liveCount).toBe(3);
    machine.packet(alive("b", 2, 2), dead("c", 1));
    expect(machine.swim.liveCount).toBe(2);
  });

  it("that are dead or left are forgotten after a while, but never our own node", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3), alive("d", 1, 4));
    machine.packet(dead("b", 1), dead("c", 1, "c"));
    machine.swim.leave(machine.now, () => undefined);
    machine.run(29_000);
    expect(machine.swim.nodes).toHaveLength(4);
    machine.run(90_000);
    expect(machine.swim.nodes.map((node) => node.name)).toContain("self");
    expect(machine.status("b")).toBe("unknown");
    expect(machine.status("c")).toBe("unknown");
  });

  it("that are dead never return at another address without a reclaim time", () => {
    machine.packet(alive("b", 5, 2));
    machine.packet(dead("b", 5));
    machine.run(29_000);
    machine.happened();
    machine.packet(alive("b", 6, 3));
    expect([machine.status("b"), machine.happened()]).toEqual(["dead@5", ["conflict b"]]);
  });

  it("that left can return at another address, but not with what was said of them before they left", () => {
    machine.packet(alive("b", 5, 2));
    machine.packet(dead("b", 5, "b"));
    machine.happened();
    // Somebody missed that the member had moved, and still believes it at an address before.
    machine.packet(alive("b", 4, 3), alive("b", 5, 3));
    expect([machine.status("b"), machine.happened()]).toEqual(["left@5", []]);
    machine.packet(alive("b", 6, 3));
    expect([machine.status("b"), machine.happened()]).toEqual(["alive@6", ["joined b"]]);
  });

  it("that are dead can return at another address after the reclaim time", () => {
    machine = new Machine({ deadNodeReclaimMs: 10_000 });
    machine.packet(alive("b", 5, 2));
    machine.packet(dead("b", 5));
    machine.run(9_000);
    machine.packet(alive("b", 6, 3));
    expect(machine.status("b")).toBe("dead@5");
    machine.run(11_000);
    machine.packet(alive("b", 1, 3));
    expect(machine.status("b")).toBe("alive@1");
  });
});

describe("allowed addresses", () => {
  const only10 = { allowedBlocks: [{ base: new Uint8Array([10, 0, 0, 0]), prefixLength: 8 }] };

  it("keep out members at other addresses, even if IPv4 is written as IPv6", () => {
    machine = new Machine(only10);
    const elsewhere = new Uint8Array([192, 168, 0, 1]);
    const mapped = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 168, 0, 1]);
    machine.packet(
      alive("a", 1, 2),
      alive("b", 1, 2, { address: elsewhere }),
      alive("c", 1, 2, { address: mapped }),
    );
    expect(machine.swim.nodes.map((node) => node.name).sort()).toEqual(["a", "self"]);
    machine.packet(dead("a", 1, "a"), alive("a", 2, 2, { address: elsewhere }));
    expect(machine.status("a")).toBe("left@1");
  });

  it("keep out alive packets from other addresses, but not other packets", () => {
    machine = new Machine(only10);
    machine.packetFrom({ host: "192.168.0.1", port: 1 }, alive("a", 1, 2));
    expect(machine.status("a")).toBe("unknown");
    machine.packet(alive("a", 1, 2));
    machine.packetFrom({ host: "192.168.0.1", port: 1 }, suspect("a", 1));
    expect(machine.status("a")).toBe("suspect@1");
  });
});
