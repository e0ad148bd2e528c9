/**
 * Large push/pulls go in slices: how much a turn does is counted here, not measured, and a ping is
 * answered after every turn.
 */

import { describe, expect, it } from "vitest";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { SerfMessageType } from "../../../src/core/serf/wire/messages.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import { NodeStateCode } from "../../../src/core/wire/messages.ts";
import { MsgpackWriter } from "../../../src/core/wire/msgpack.ts";
import { state } from "../swim/machine.ts";
import { receive } from "../wire/support.ts";
import { Network, type NodeOptions, type TestNode, text } from "./nodes.ts";

const key: Uint8Array = new Uint8Array(32).fill(7);
const none: Uint8Array = new Uint8Array();
const peer = { host: "10.0.0.9", port: 7946 };

/** Names of members, and what Serf's part of a push/pull says of them. */
const nameOf = (index: number): string => `node-${index}`;

/** Serf's part of a push/pull: all left, with a time of their own, and one event for each time. */
function serfState(left: number, events: number): Uint8Array {
  const writer = new MsgpackWriter(SerfMessageType.pushPull).map(5);
  writer
    .string("EventLTime")
    .uint(events + 1)
    .string("Events")
    .array(events);
  // From the highest time to the lowest.
  for (let time = events; time > 0; time--) {
    writer.map(2).string("Events").array(1).map(2).string("Name").string(`event-${time}`);
    writer.string("Payload").nil().string("LTime").uint(time);
  }
  writer.string("LTime").uint(9_000).string("LeftMembers").array(left);
  for (let index = 0; index < left; index++) writer.string(nameOf(index));
  writer.string("StatusLTimes").map(left);
  for (let index = 0; index < left; index++) writer.string(nameOf(index)).uint(100 + (index % 900));
  return writer.finish();
}

/** A node that is fed turn by turn. */
class Turns {
  readonly node: TestNode;
  now = 0;
  /** The effects of each turn since the last call of {@link take}. */
  turns: SerfEffect[][] = [];

  constructor(options: NodeOptions = {}) {
    this.node = new Network().add("self", options);
  }

  /** Feeds an input as a turn, then a ping, which has to be answered at once. */
  turn(input: (now: number) => void): void {
    const { core, codec } = this.node;
    input(this.now);
    this.turns.push(core.drain());
    const ping = {
      type: "ping",
      sequence: 1,
      node: "",
      source: { address: none, port: 0, node: "" },
    } as const;
    const encrypt = codec.encrypted;
    core.packet(this.now, peer, codec.seal([codec.encode(ping)], { crc: false, encrypt }));
    const acks = core.drain().filter((effect) => effect.kind === "send" && effect.to.host === peer.host);
    expect(acks).toHaveLength(1);
  }

  /** Receives a frame on a stream of its own, and takes turns until nothing is due at once. */
  receive(frame: Uint8Array): this {
    const id = this.node.core.accept(this.now, peer);
    this.node.core.drain();
    this.turn((now) => this.node.core.stream(now, id, { kind: "received", bytes: frame }));
    return this;
  }

  settle(): this {
    while (this.node.core.deadline() <= this.now + 1) {
      this.now += 1;
      this.turn((now) => this.node.core.tick(now));
    }
    return this;
  }

  /** The effects of all turns so far, of one kind. */
  take(): SerfEffect[][] {
    return this.turns.splice(0);
  }

  frame(count: number, userState: Uint8Array): Uint8Array {
    const { codec } = this.node;
    const nodes = Array.from({ length: count }, (_, index) =>
      state(nameOf(index), 1, 2, NodeStateCode.alive),
    );
    const message = codec.encode({ type: "pushPull", join: false, nodes, userState });
    return codec.sealStream(message, { labelHeader: false, encrypt: codec.encrypted });
  }

  get leaving(): number {
    return this.node.core.members().filter(({ status }) => status === "leaving").length;
  }
}

const kinds = (turns: readonly SerfEffect[][], kind: SerfEffect["kind"]): number[] =>
  turns.map((effects) => effects.filter((effect) => effect.kind === kind).length);

describe("a large push/pull", () => {
  for (const keys of [[], [key]]) {
    const how = keys.length > 0 ? "encrypted" : "plain";

    it(`is merged in slices of 512 members, ${how}`, () => {
      const turns = new Turns({ keys });
      turns.receive(turns.frame(5_000, none)).settle();
      const joins = kinds(turns.take(), "emit");
      expect(Math.max(...joins)).toBe(512);
      expect(turns.node.core.members()).toHaveLength(5_001);
    });

    it(`is answered in slices, with all members and their times, ${how}`, () => {
      const turns = new Turns({ keys });
      turns.receive(turns.frame(10_000, none)).settle().take();
      turns.receive(turns.frame(0, none)).settle();
      const effects = turns.take();
      const writes = kinds(effects, "write");
      // 10,000 names in slices of 4,096 twice and of 2,048 once, 10,000 entries in such of 2,048.
      expect(writes.indexOf(1)).toBeGreaterThan(10);
      expect(writes.filter((count) => count > 0)).toEqual([1]);
      expect(kinds(effects, "close").filter((count) => count > 0)).toEqual([1]);
      expect(kinds(effects, "close").indexOf(1)).toBeGreaterThanOrEqual(writes.indexOf(1));
      const bytes = effects.flat().flatMap((effect) => (effect.kind === "write" ? [effect.bytes] : []))[0]!;
      const reader = new FrameReader(turns.node.codec, { accepting: false, verifyIncoming: true });
      const answer = receive(reader, bytes);
      expect(answer?.type === "pushPull" && answer.nodes.length).toBe(10_001);
    });
  }

  it("has names that are merged in slices of 1,024", () => {
    const turns = new Turns();
    turns.receive(turns.frame(5_000, none)).settle().take();
    const counts: number[] = [0];
    turns.receive(turns.frame(0, serfState(5_000, 0)));
    for (; turns.node.core.deadline() <= turns.now + 1; counts.push(turns.leaving)) {
      turns.now += 1;
      turns.turn((now) => turns.node.core.tick(now));
    }
    const steps = counts.slice(1).map((count, index) => count - counts[index]!);
    expect(Math.max(...steps)).toBe(1_024);
    expect(counts.at(-1)).toBe(5_000);
  });

  it("has events that are delivered in slices, in the order of their times", () => {
    const turns = new Turns({ config: { eventBuffer: 10_000 } });
    turns.receive(turns.frame(0, serfState(0, 6_000))).settle();
    turns.node.core.tick(turns.now + 1_000);
    const all = [...turns.take(), turns.node.core.drain()];
    const names = all
      .flat()
      .flatMap((effect) =>
        effect.kind === "emit" && effect.event.type === "user" ? [effect.event.name] : [],
      );
    expect(names).toEqual(Array.from({ length: 6_000 }, (_, index) => `event-${index + 1}`));
    expect(all.length).toBeGreaterThan(6_000 / 128);
  });

  it("with more names than it may have changes nothing, and that is logged", () => {
    const turns = new Turns();
    const writer = new MsgpackWriter(SerfMessageType.pushPull).map(1).string("StatusLTimes").map(300_000);
    for (let index = 0; index < 300_000; index++) writer.string(nameOf(index)).uint(7);
    turns.receive(turns.frame(0, writer.finish())).settle();
    const lines = turns
      .take()
      .flat()
      .flatMap((effect) => (effect.kind === "log" && effect.level === "ERR" ? [effect.text] : []));
    expect(lines).toEqual(["Failed to decode remote state: 300000 names are more than 262144"]);
  });

  it("is refused if four others wait to be merged, also if only Serf's part is large", () => {
    const turns = new Turns();
    const frame = turns.frame(0, serfState(20_000, 0));
    const { core } = turns.node;
    for (let stream = 0; stream < 7; stream++) {
      const id = core.accept(turns.now, peer);
      turns.turn((now) => core.stream(now, id, { kind: "received", bytes: frame }));
    }
    const lines = turns
      .settle()
      .take()
      .flat()
      .flatMap((effect) => (effect.kind === "log" && effect.level === "ERR" ? [effect.text] : []));
    const refused = "Failed push/pull merge: too many large merges from=10.0.0.9:7946";
    expect(lines).toEqual([refused, refused, refused]);
  });

  it("that nests what nobody knows is skipped in slices", () => {
    const turns = new Turns();
    const writer = new MsgpackWriter(SerfMessageType.pushPull).map(2).string("Unknown").array(20_000);
    for (let index = 0; index < 20_000; index++) writer.array(1).array(1).uint(index);
    turns.receive(turns.frame(0, writer.string("EventLTime").uint(77).finish())).settle();
    expect(turns.take().length).toBeGreaterThan(60_000 / 2_048);
    expect(turns.node.core.stats()["event_time"]).toBe("77");
  });

  it("that was tampered with anywhere is refused, and nothing of it is merged", () => {
    for (const part of [0, 0.3, 0.7, 1]) {
      const turns = new Turns({ keys: [key] });
      const frame = turns.frame(40_000, text("x"));
      expect(frame.length).toBeGreaterThan(2 * 1_048_576);
      const at = 18 + Math.floor(part * (frame.length - 19));
      frame[at]! ^= 1;
      turns.receive(frame).settle();
      const effects = turns.take();
      expect(kinds(effects, "emit").some((count) => count > 0)).toBe(false);
      expect(turns.node.core.members()).toHaveLength(1);
      const lines = effects.flat().flatMap((effect) => (effect.kind === "log" ? [effect.text] : []));
      expect(lines).toContain(
        "failed to receive: no installed keys could decrypt the message from=10.0.0.9:7946",
      );
      // One turn for each MiB that is hashed, and none to decrypt.
      expect(effects).toHaveLength(Math.ceil(frame.length / 1_048_576));
    }
  });

  it("is let go when the node stops", () => {
    const turns = new Turns();
    turns.receive(turns.frame(5_000, none));
    turns.node.core.end();
    turns.take();
    turns.settle();
    expect(kinds(turns.take(), "emit").every((count) => count === 0)).toBe(true);
    expect(turns.node.core.members().length).toBeLessThan(1_000);
  });
});
