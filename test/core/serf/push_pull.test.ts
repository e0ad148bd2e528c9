import { describe, expect, it } from "vitest";
import { finish } from "../../../src/core/jobs.ts";
import {
  decodePushPull,
  encodePushPull,
  type PushPullMessage,
} from "../../../src/core/serf/wire/push_pull.ts";
import { SerfParts } from "./parts.ts";

function state(overrides: Partial<PushPullMessage>): Uint8Array {
  return finish(
    encodePushPull({
      lamportTime: 0n,
      statusTimes: new Map(),
      leftMembers: [],
      eventTime: 0n,
      events: [],
      queryTime: 0n,
      ...overrides,
    }),
  );
}

const slot = (lamportTime: bigint, name: string) => ({ lamportTime, events: [{ name, payload: null }] });

describe("the state that a node sends", () => {
  it("has its clocks, its members with their times, those that left, and its events", () => {
    const parts = new SerfParts().join(0, "self", "b", "c").leave(0, "c");
    parts.intents.announceJoin(0);
    parts.events.send("e", new Uint8Array([7]), false);
    parts.context.clocks.queries.witness(8n);
    expect(finish(decodePushPull(finish(parts.shared.encode())))).toEqual({
      lamportTime: 3n,
      statusTimes: new Map([
        ["self", 2n],
        ["b", 0n],
        ["c", 1n],
      ]),
      leftMembers: ["c"],
      eventTime: 2n,
      events: [{ lamportTime: 1n, events: [{ name: "e", payload: new Uint8Array([7]) }] }],
      queryTime: 9n,
    });
  });

  it("has nothing of a member that is leaving: its leave would be read as a join, and be ignored when it arrives", () => {
    const [sender, receiver] = [new SerfParts(), new SerfParts()].map((parts) => parts.join(0, "b"));
    const leave = { type: "leave", lamportTime: 7n, node: "b", prune: false } as const;
    sender!.intents.apply(0, leave);
    expect(sender!.status("b")).toBe("leaving");
    const sent = finish(sender!.shared.encode());
    expect([...finish(decodePushPull(sent)).statusTimes.keys()]).not.toContain("b");
    receiver!.merge(0, sent, false);
    receiver!.intents.apply(0, leave);
    receiver!.fail(0, "b");
    expect(receiver!.status("b")).toBe("left");
  });
});

describe("the state of a peer", () => {
  it("moves the clocks to its own", () => {
    const parts = new SerfParts();
    parts.merge(0, state({ lamportTime: 11n, eventTime: 12n, queryTime: 13n }), false);
    const { members, events, queries } = parts.context.clocks;
    expect([members.time, events.time, queries.time]).toEqual([11n, 12n, 13n]);
  });

  it("makes a member left by an intent that is later than the member's time there", () => {
    const parts = new SerfParts().join(0, "b", "c").fail(0, "b", "c");
    for (const node of ["b", "c"]) parts.members.joinIntent(0, { type: "join", lamportTime: 5n, node });
    const statusTimes = new Map([
      ["b", 5n],
      ["c", 4n],
    ]);
    parts.merge(0, state({ lamportTime: 6n, statusTimes, leftMembers: ["b", "c"] }), false);
    expect([parts.status("b"), parts.status("c")]).toEqual(["left", "failed"]);
    expect(parts.members.statusTime("b")).toBe(6n);
  });

  it("does not make a member that left there join as well", () => {
    const parts = new SerfParts().join(0, "b").leave(0, "b");
    const statusTimes = new Map([["b", 9n]]);
    parts.merge(0, state({ statusTimes, leftMembers: ["b"] }), false);
    // The join would have told others that the member is about to return.
    expect(finish(decodePushPull(finish(parts.shared.encode()))).leftMembers).toEqual(["b"]);
    expect(parts.members.statusTime("b")).toBe(1n);
  });

  it("that says too that a member left ends the wait for its return", () => {
    const parts = new SerfParts().join(0, "b", "c").leave(0, "b", "c");
    for (const node of ["b", "c"]) parts.members.joinIntent(0, { type: "join", lamportTime: 9n, node });
    const statusTimes = new Map([
      ["b", 9n],
      ["c", 8n],
    ]);
    parts.merge(0, state({ statusTimes, leftMembers: ["b", "c"] }), false);
    parts.members.reap(600_000);
    expect([parts.status("b"), parts.status("c")]).toEqual(["left", "failed"]);
  });

  it("has joins of the others", () => {
    const parts = new SerfParts().join(0, "b");
    parts.members.leaveIntent(0, { type: "leave", lamportTime: 5n, node: "b", prune: false });
    parts.merge(0, state({ statusTimes: new Map([["b", 6n]]) }), false);
    expect([parts.status("b"), parts.members.statusTime("b")]).toEqual(["alive", 6n]);
  });

  it("has events, each of which is delivered once and not broadcast", () => {
    const parts = new SerfParts();
    for (let round = 0; round < 2; round++) {
      parts.merge(0, state({ eventTime: 8n, events: [slot(6n, "x"), slot(7n, "y")] }), false);
    }
    expect(parts.emitted()).toEqual(["user x", "user y"]);
    expect(parts.queues.events.length).toBe(0);
  });

  it("brings no event from before a join that ignores old ones, and later ones", () => {
    const parts = new SerfParts();
    parts.shared.beginJoin(false);
    parts.merge(0, state({ eventTime: 8n, events: [slot(7n, "before")] }), true);
    parts.shared.endJoin(false);
    parts.merge(0, state({ eventTime: 9n, events: [slot(7n, "before"), slot(8n, "after")] }), false);
    expect(parts.emitted()).toEqual(["user after"]);
  });

  it("brings all events if the join replays them, if it is not the state of the join, or if the join is over", () => {
    const events = [slot(7n, "old")];
    for (const [replay, join, ends] of [
      [true, true, false],
      [false, false, false],
      [false, true, true],
    ] as const) {
      const parts = new SerfParts();
      parts.shared.beginJoin(replay);
      if (ends) parts.shared.endJoin(replay);
      parts.merge(0, state({ eventTime: 8n, events }), join);
      expect(parts.emitted()).toEqual(["user old"]);
    }
  });

  it("sets clocks that are further away than a message may be, if it is the reply to a join", () => {
    const far = 5n << 32n;
    const parts = new SerfParts();
    const { clocks } = parts.context;
    const merge = (lamportTime: bigint, reply: boolean): void =>
      finish(parts.shared.merge({ now: 0 }, state({ lamportTime }), { join: true, reply }));
    merge(far, true);
    expect(clocks.members.time).toBe(1n);

    parts.shared.beginJoin(true);
    merge(far, false);
    expect(clocks.members.time).toBe(1n);
    merge(far, true);
    expect(clocks.members.time).toBe(far);
    merge(far - 5n, true);
    expect(clocks.members.time).toBe(far);
    merge(7n, true);
    expect(clocks.members.time).toBe(7n);
    merge(1n << 63n, true);
    merge((1n << 64n) - 1n, true);
    expect(clocks.members.time).toBe(1n << 63n);
  });

  it("with a newer intent about this node than its own is corrected by a newer join", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.intents.announceJoin(0);
    parts.queuedIntents();
    parts.merge(0, state({ statusTimes: new Map([["self", 5n]]) }), false);
    expect(parts.queuedIntents()).toEqual([{ type: "join", lamportTime: 6n, node: "self" }]);
  });

  it("that is malformed changes nothing and is logged", () => {
    const parts = new SerfParts().join(0, "b");
    parts.emitted();
    parts.merge(0, state({ lamportTime: 99n }).subarray(0, 20), false);
    parts.merge(0, new Uint8Array([3]), false);
    const lines = parts.context.outbox
      .drain()
      .map((effect) => (effect.kind === "log" ? effect.text : effect.kind));
    expect(lines).toEqual([
      "Failed to decode remote state: msgpack: message is cut short",
      "Failed to decode remote state: Remote state has bad type prefix: 3",
    ]);
    expect(parts.context.clocks.members.time).toBe(1n);
  });
});

describe("a member that somebody claims to be leaving", () => {
  const config = { broadcastTimeoutMs: 5_000, leavePropagateDelayMs: 1_000 };
  const leave = (lamportTime: bigint) => ({ type: "leave", lamportTime, node: "b", prune: false }) as const;
  const times = (parts: SerfParts): ReadonlyMap<string, bigint> =>
    finish(decodePushPull(finish(parts.shared.encode()))).statusTimes;

  it("is in the state with a time newer than its join once it was there when it should have left", () => {
    const parts = new SerfParts(config).join(0, "b");
    parts.members.leaveIntent(0, leave(9n));
    parts.members.replied(29_999, "b");
    expect(times(parts).has("b")).toBe(false);
    parts.members.replied(30_000, "b");
    expect(times(parts).get("b")).toBe(10n);
    parts.members.joinIntent(30_000, { type: "join", lamportTime: 10n, node: "b" }, true);
    parts.members.leaveIntent(30_000, leave(11n));
    expect(times(parts).has("b")).toBe(false);
  });

  it("is not in the state, however long nothing comes from it: it may have left unseen", () => {
    const parts = new SerfParts(config).join(0, "b", "c");
    parts.members.leaveIntent(0, leave(9n));
    parts.members.replied(1_000_000, "c");
    parts.context.now = 1_000_000;
    expect([...times(parts).keys()]).toEqual(["c"]);
  });
});

describe("a node that left and runs on", () => {
  it.each(["leaving", "left"] as const)("does not believe a peer that it returned: %s", (life) => {
    const parts = new SerfParts().join(0, "self");
    parts.context.state = life;
    parts.leave(0, "self");
    parts.merge(0, state({ statusTimes: new Map([["self", 9n]]) }), false);
    parts.members.reap(1_000_000);
    expect(parts.status("self")).not.toBe("failed");
    expect(parts.members.statusTime("self")).toBe(1n);
  });
});
