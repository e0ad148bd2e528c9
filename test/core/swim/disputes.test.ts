import { beforeEach, describe, expect, it } from "vitest";
import { allRules } from "../../../src/core/swim/config.ts";
import { address, alive, Machine, versions } from "./machine.ts";

const other = { meta: new Uint8Array([8]) };
let machine: Machine;

/** The alive messages about b that went to b itself, each in front of what gossip its packet has room for. */
function sentToB(): { incarnation: number; meta: number[] }[] {
  return machine.effects.flatMap((effect) => {
    if (effect.kind !== "send" || effect.to.host !== "10.0.0.2") return [];
    const [message] = machine.codec.open(effect.bytes, { verifyIncoming: true }).messages;
    if (message?.type !== "alive" || message.node !== "b") return [];
    return [{ incarnation: message.incarnation, meta: [...(message.meta ?? [])] }];
  });
}

beforeEach(() => {
  machine = new Machine();
  machine.packet(alive("b", 5, 2));
  machine.run(500);
});

describe("a member that is announced twice with one incarnation", () => {
  it("gets what the node believes of it, so that it can refute", () => {
    machine.packet(alive("b", 5, 2, other));
    expect(sentToB()).toEqual([{ incarnation: 5, meta: [2] }]);
    expect(machine.swim.find("b")).toMatchObject({ meta: new Uint8Array([2]), incarnation: 5 });
  });

  it("gets it, too, if its versions differ", () => {
    machine.packet(alive("b", 5, 2, { versions: new Uint8Array([1, 5, 2, 2, 4, 4]) }));
    expect(sentToB()).toEqual([{ incarnation: 5, meta: [2] }]);
  });

  it("gets nothing if nothing differs, or if the message is older, or has fewer versions", () => {
    const same = [
      alive("b", 5, 2),
      alive("b", 4, 2, other),
      alive("b", 5, 2, { versions: new Uint8Array() }),
      alive("b", 5, 2, { versions: new Uint8Array([...versions, 7]) }),
    ];
    for (const message of same) {
      machine.packet(message);
      expect(sentToB()).toEqual([]);
    }
  });

  it("gets one packet in a gossip interval", () => {
    const counts = [0, 199, 200].map((ms) => {
      machine.now = 500 + ms;
      machine.packet(alive("b", 5, 2, other));
      return sentToB().length;
    });
    expect(counts).toEqual([1, 0, 1]);
  });

  it("gets nothing when it is gone", () => {
    machine.packet({ type: "dead", node: "b", incarnation: 5, from: "x" });
    machine.packet(alive("b", 5, 2, other));
    expect(sentToB()).toEqual([]);
  });

  it("gets nothing by memberlist's rules", () => {
    machine = new Machine({ rules: { ...allRules, disputes: false, eager: false } });
    machine.packet(alive("b", 5, 2));
    machine.run(500);
    machine.packet(alive("b", 5, 2, other));
    expect(sentToB()).toEqual([]);
  });

  it("refutes what is wrong, and all agree with it then", () => {
    const b = new Machine({ name: "b", address: address(2) });
    const own = b.swim.find("b")!;
    // What the node received first was damaged.
    machine = new Machine();
    machine.packet(alive("b", own.incarnation, 2, other));
    machine.run(500);
    machine.packet(alive("b", own.incarnation, 2, { meta: own.meta }));
    for (const { to, message } of machine.sent()) if (to === "10.0.0.2") b.packet(message);
    expect(b.swim.find("b")!.incarnation).toBe(own.incarnation + 1);
    b.packet(alive("self", 1, 1));
    b.run(500);
    for (const { to, message } of b.sent()) if (to === "10.0.0.1") machine.packet(message);
    expect(machine.swim.find("b")).toMatchObject({ meta: own.meta, incarnation: own.incarnation + 1 });
  });
});
