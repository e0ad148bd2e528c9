import { describe, expect, it } from "vitest";
import type { SerfTimer } from "../../../../src/core/serf/context.ts";
import { SerfParts } from "../parts.ts";

/** The timers of a node, in order. */
function timers(parts: SerfParts): SerfTimer[] {
  const due: SerfTimer[] = [];
  for (
    let timer = parts.context.timers.take(1e9);
    timer !== undefined;
    timer = parts.context.timers.take(1e9)
  )
    due.push(timer);
  return due;
}

describe("our own join", () => {
  it("is broadcast with the clock's time, which it uses up", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.context.clocks.members.witness(41n);
    parts.intents.announceJoin(0);
    expect(parts.queuedIntents()).toEqual([{ type: "join", lamportTime: 42n, node: "self" }]);
    expect(parts.context.clocks.members.time).toBe(43n);
    expect(parts.members.statusTime("self")).toBe(42n);
  });
});

describe("the leave of a member", () => {
  it("is broadcast, and is finished when it was sent often enough", () => {
    const parts = new SerfParts().join(0, "self", "b").fail(0, "b").join(0, "c");
    let finished = 0;
    parts.intents.announceLeave(0, "b", true, () => finished++);
    expect(parts.members.find("b")).toBeUndefined();
    for (let round = 0; round < 3; round++) {
      expect(parts.queuedIntents()).toEqual([{ type: "leave", lamportTime: 1n, node: "b", prune: true }]);
      expect(finished).toBe(0);
    }
    while (parts.queues.intents.length > 0) parts.queuedIntents();
    expect(finished).toBe(1);
  });

  it("is finished at once and not broadcast if nobody else is alive", () => {
    const parts = new SerfParts().join(0, "self", "b").fail(0, "b");
    let finished = 0;
    parts.intents.announceLeave(0, "b", false, () => finished++);
    expect([finished, parts.queuedIntents(), parts.status("b")]).toEqual([1, [], "left"]);
  });

  it("is broadcast also if it is about the only other member, which can refute it then", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.intents.announceLeave(0, "b", false, () => undefined);
    expect(parts.queuedIntents()).toEqual([{ type: "leave", lamportTime: 1n, node: "b", prune: false }]);
  });

  it("that is this node, which is alive, is refuted and not broadcast", () => {
    const parts = new SerfParts().join(0, "self", "b");
    let finished = 0;
    parts.intents.announceLeave(0, "self", false, () => finished++);
    expect(finished).toBe(1);
    expect(parts.queuedIntents()).toEqual([{ type: "join", lamportTime: 2n, node: "self" }]);
    expect(parts.status("self")).toBe("alive");
  });

  it("that is this node is broadcast while it leaves", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.context.state = "leaving";
    parts.intents.announceLeave(0, "self", false, () => undefined);
    expect(parts.queuedIntents()).toEqual([{ type: "leave", lamportTime: 1n, node: "self", prune: false }]);
  });
});

describe("an intent of another member", () => {
  it("moves the clock past its time, whether it is new or not", () => {
    const parts = new SerfParts().join(0, "b");
    expect(parts.intents.apply(0, { type: "join", lamportTime: 41n, node: "b" })).toBe(true);
    expect(parts.intents.apply(0, { type: "join", lamportTime: 41n, node: "b" })).toBe(false);
    expect(parts.context.clocks.members.time).toBe(42n);
  });

  it("about this node is answered with a newer join, and not broadcast again", () => {
    const parts = new SerfParts().join(0, "self", "b");
    expect(parts.intents.apply(0, { type: "leave", lamportTime: 41n, node: "self", prune: false })).toBe(
      false,
    );
    expect(parts.queuedIntents()).toEqual([{ type: "join", lamportTime: 42n, node: "self" }]);
  });

  it("that erases a member erases it at once if it is gone, and else when its leave had time to spread", () => {
    const parts = new SerfParts({ broadcastTimeoutMs: 5_000, leavePropagateDelayMs: 1_000 });
    parts.join(0, "gone", "live").fail(0, "gone");
    for (const node of ["gone", "live"])
      expect(parts.intents.apply(100, { type: "leave", lamportTime: 9n, node, prune: true })).toBe(true);
    expect([parts.status("gone"), parts.status("live")]).toEqual([undefined, "leaving"]);
    expect(parts.context.timers.next()).toBe(6_100);
    expect(timers(parts)).toEqual([{ kind: "prune", node: "live" }]);
  });
});
