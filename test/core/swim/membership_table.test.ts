/** The state table of membership, cell by cell. */
import { describe, expect, it } from "vitest";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import { cellsOf, commentTable } from "../state_table.ts";
import { alive, Machine } from "./machine.ts";
import { header, rows } from "./membership_table.ts";

const known = 5;
const incarnations: Readonly<Record<string, number>> = { older: 4, equal: 5, newer: 6 };

/** Brings a member into a status at incarnation 5, with others that can confirm. */
function bring(machine: Machine, status: string): void {
  machine.packet(alive("c", 1, 3), alive("d", 1, 4), alive("e", 1, 5));
  // Makes our own incarnation 5.
  machine.packet({ type: "suspect", node: "self", incarnation: known - 1, from: "x" });
  if (status !== "unknown") machine.packet(alive("b", known, 2));
  if (status === "suspect") machine.packet({ type: "suspect", node: "b", incarnation: known, from: "x" });
  if (status === "dead") machine.packet({ type: "dead", node: "b", incarnation: known, from: "x" });
  if (status === "left") machine.packet({ type: "dead", node: "b", incarnation: known, from: "b" });
  // By then, all earlier messages were sent as often as they are ever sent.
  machine.run(999);
  machine.happened();
}

function messageOf(what: string, node: string): PacketMessage {
  const [type, age] = what.split(", ");
  const incarnation = incarnations[age!]!;
  if (type === "alive") return alive(node, incarnation, 2, node === "self" ? aboutUs : {});
  if (type === "suspect") return { type: "suspect", node, incarnation, from: "y" };
  return { type: "dead", node, incarnation, from: type === "dead" ? "y" : node };
}

/** Our own address and metadata. */
const { address, meta } = alive("self", 1, 1, { meta: new Uint8Array([0]) });
const aboutUs = { address, meta };

/**
 * Whether a message went out by gossip. Probes carry suspicions too, but in messages of our own.
 */
function isPassedOn(machine: Machine, wanted: PacketMessage): boolean {
  const texts = machine.sent().map(({ message }) => textOf(message));
  return texts.includes(textOf(wanted));
}

/** A message as text, whatever the order of its fields. */
function textOf(message: PacketMessage): string {
  return JSON.stringify(Object.entries(message).sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe("a member", () => {
  it.each(cellsOf(header, rows))("on a message that is %s, %s: %s", (what, status, cell) => {
    const machine = new Machine();
    bring(machine, status);
    const node = status === "ourselves" ? "self" : "b";
    const before = machine.status(node);
    const message = messageOf(what, node);
    const incarnation = "incarnation" in message ? message.incarnation : 0;
    machine.packet(message);
    const then = machine.status(node);
    const events = machine.happened();
    machine.run(1_400);
    expect(isPassedOn(machine, message)).toBe(cell !== "-" && cell !== "refute");
    switch (cell) {
      case "-":
      case "confirm":
        expect(then).toBe(before);
        expect(events).toEqual([]);
        return;
      case "alive":
        expect(then).toBe(`alive@${incarnation}`);
        expect(events).toEqual(status === "alive" || status === "suspect" ? [] : ["joined b"]);
        return;
      case "suspect":
        expect(then).toBe(`suspect@${incarnation}`);
        expect(events).toEqual(status === "left" ? ["joined b"] : []);
        return;
      case "dead":
      case "left":
        expect(then).toBe(`${cell}@${incarnation}`);
        expect(events).toEqual(status === "left" ? ["joined b", "left b"] : ["left b"]);
        return;
      default:
        expect(cell).toBe("refute");
        expect(then).toBe(`alive@${incarnation + 1}`);
        expect(events).toEqual([]);
        expect(isPassedOn(machine, alive("self", incarnation + 1, 1, aboutUs))).toBe(true);
    }
  });

  it("matches the table in the comment above the code", () => {
    expect(commentTable("src/core/swim/membership.ts")).toEqual([header, ...rows]);
  });
});
