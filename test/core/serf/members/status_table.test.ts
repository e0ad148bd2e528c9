/** The state table of Serf's members, cell by cell, through packets as they come from others. */
import { describe, expect, it } from "vitest";
import { encodeIntent, type JoinIntent, type LeaveIntent } from "../../../../src/core/serf/wire/messages.ts";
import type { PacketMessage } from "../../../../src/core/wire/messages.ts";
import { Describer } from "../../scenarios/describe.ts";
import { type NodeEffect, port, ScenarioNode } from "../../scenarios/node.ts";
import { cellsOf, commentTable } from "../../state_table.ts";
import { alive } from "../../swim/machine.ts";
import { header, rows } from "./status_table.ts";

const last = 5n;
const describer = new Describer();

/** A node with a live neighbour, and packets for it. */
class Subject {
  readonly effects: NodeEffect[] = [];
  readonly #node: ScenarioNode;
  #now = 0;

  constructor() {
    const options = {
      tags: {},
      keys: [],
      profile: "lan",
      snapshot: false,
      plainDetection: false,
      settings: {},
    } as const;
    this.#node = new ScenarioNode("self", { ...options, name: "self", last: 1 }, () => this.#now);
    this.#node.start(0);
    this.receive(alive("c", 1, 3, { meta: null }));
  }

  receive(message: PacketMessage): void {
    const { codec } = this.#node;
    const packet = codec.seal([codec.encode(message)], { crc: false, encrypt: false });
    this.#node.packet(this.#now, { host: "10.0.0.3", port }, packet);
    this.effects.push(...this.#node.drain());
  }

  intent(intent: LeaveIntent | JoinIntent): void {
    this.receive({ type: "user", payload: encodeIntent(intent) });
  }

  run(ms: number): void {
    const end = this.#now + ms;
    while (this.#node.deadline <= end) {
      this.#now = this.#node.deadline;
      this.#node.tick(this.#now);
      this.effects.push(...this.#node.drain());
    }
    this.#now = end;
  }

  status(name: string): string {
    return this.#node.members.find((member) => member.name === name)?.status ?? "unknown";
  }

  /** What was sent since the last call, as text, and the types of member events. */
  take(): { readonly sent: string; readonly events: string[] } {
    const effects = this.effects.splice(0);
    return {
      sent: effects
        .map((effect) => (effect.kind === "send" ? describer.packet(effect.bytes, []).text : ""))
        .join(" + "),
      events: effects.flatMap((effect) => (effect.kind === "emit" ? [effect.event.type] : [])),
    };
  }
}

/** Brings b into a status; the last intent about it, and about ourselves, had Lamport time 5. */
function bring(subject: Subject, status: string): void {
  subject.intent({ type: "join", lamportTime: last, node: "self" });
  if (status === "unknown") return;
  subject.receive(alive("b", 1, 2, { meta: null }));
  const leaves = status === "leaving" || status === "left";
  subject.intent(
    leaves
      ? { type: "leave", lamportTime: last, node: "b", prune: false }
      : { type: "join", lamportTime: last, node: "b" },
  );
  if (status === "left") subject.receive({ type: "dead", node: "b", incarnation: 1, from: "b" });
  if (status === "failed") subject.receive({ type: "dead", node: "b", incarnation: 1, from: "c" });
  // By then, all earlier messages were sent as often as they are ever sent.
  subject.run(999);
}

function happen(subject: Subject, what: string, node: string): void {
  const lamportTime = what.endsWith("new") ? last + 1n : what === "join intent, old" ? last - 1n : last;
  const place = node === "self" ? 1 : 2;
  if (what === "found alive") subject.receive(alive(node, 2, place, { meta: null }));
  else if (what === "found gone") subject.receive({ type: "dead", node, incarnation: 1, from: "c" });
  else if (what === "gone by its own word")
    subject.receive({ type: "dead", node, incarnation: 1, from: node });
  else if (what.startsWith("join")) subject.intent({ type: "join", lamportTime, node });
  else subject.intent({ type: "leave", lamportTime, node, prune: what.includes("prune") });
}

const eventsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  alive: { unknown: "member-join", left: "member-join", failed: "member-join" },
  left: { alive: "member-leave", leaving: "member-leave", failed: "member-leave" },
  failed: { alive: "member-failed" },
  erased: { left: "member-reap", failed: "member-leave member-reap" },
};

describe("a member", () => {
  it.each(cellsOf(header, rows))("on %s, %s: %s", (what, status, cell) => {
    const subject = new Subject();
    bring(subject, status);
    const node = status === "ourselves" ? "self" : "b";
    const before = subject.status(node);
    subject.take();
    happen(subject, what, node);
    const then = subject.status(node);
    const events = subject.take().events.join(" ");
    subject.run(400);
    const { sent } = subject.take();
    const intent = what.includes("intent");
    const passedOn = new RegExp(`${what.split(" ")[0]} ${node}@`).test(sent);
    expect(passedOn).toBe(intent && cell !== "-" && cell !== "refuted");
    if (cell === "-" || cell === "kept") expect([then, events]).toEqual([before, ""]);
    else if (cell === "refuted") {
      expect([then, events]).toEqual([before, ""]);
      expect(sent).toContain(`join self@${last + 2n}`);
    } else {
      expect(then).toBe(cell === "erased" ? "unknown" : cell.replace("*", ""));
      const changes = intent ? cell === "left" || cell === "erased" : true;
      expect(events).toBe(changes ? (eventsOf[cell]?.[status] ?? "") : "");
    }
  });

  it.each(["alive", "leaving"])("that is %s is erased later by a leave intent with prune", (status) => {
    const subject = new Subject();
    bring(subject, status);
    happen(subject, "leave intent to prune, new", "b");
    expect(subject.status("b")).toBe("leaving");
    subject.run(6_000);
    expect(subject.status("b")).toBe("unknown");
  });

  it("that is unknown starts with the status of its stored intent", () => {
    const subject = new Subject();
    happen(subject, "leave intent, new", "b");
    subject.receive(alive("b", 1, 2, { meta: null }));
    expect(subject.status("b")).toBe("leaving");
  });

  it("matches the table in the comment above the code", () => {
    expect(commentTable("src/core/serf/members/members.ts")).toEqual([header, ...rows]);
  });
});
