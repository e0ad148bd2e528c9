import { describe, expect, it } from "vitest";
import { finish } from "../../../../src/core/jobs.ts";
import type { JoinIntent, LeaveIntent } from "../../../../src/core/serf/wire/messages.ts";
import { SerfParts, swimNode } from "../parts.ts";

const leave = (node: string, lamportTime: bigint, prune = false): LeaveIntent => ({
  type: "leave",
  lamportTime,
  node,
  prune,
});
const join = (node: string, lamportTime: bigint): JoinIntent => ({ type: "join", lamportTime, node });

const minute = 60_000;

describe("members that are gone", () => {
  const timeouts = { reconnectTimeoutMs: 10 * minute, tombstoneTimeoutMs: 20 * minute };

  it("are reaped when their time is over, which depends on whether they failed or left", () => {
    const parts = new SerfParts(timeouts).join(0, "self", "alive", "failed", "left");
    parts.fail(minute, "failed").leave(minute, "left");
    parts.emitted();
    parts.members.reap(11 * minute);
    expect(parts.emitted()).toEqual([]);
    parts.members.reap(11 * minute + 1);
    expect(parts.emitted()).toEqual(["member-reap failed"]);
    parts.members.reap(21 * minute);
    expect(parts.emitted()).toEqual([]);
    parts.members.reap(21 * minute + 1);
    expect(parts.emitted()).toEqual(["member-reap left"]);
    expect(parts.erased).toEqual(["failed", "left"]);
    expect(parts.members.list().map(({ name }) => name)).toEqual(["self", "alive"]);
  });

  it("count from their last end, not from an earlier one", () => {
    const parts = new SerfParts(timeouts)
      .join(0, "b")
      .fail(0, "b")
      .join(9 * minute, "b");
    parts.members.reap(60 * minute);
    expect(parts.status("b")).toBe("alive");
    parts.fail(60 * minute, "b").members.reap(70 * minute);
    expect(parts.status("b")).toBe("failed");
  });

  it("that left, announced their return and are not found alive in a minute have failed", () => {
    const parts = new SerfParts().join(0, "b").leave(0, "b");
    expect(finish(parts.members.shared()).leftMembers).toEqual(["b"]);
    parts.members.joinIntent(minute, join("b", 9n));
    expect(finish(parts.members.shared()).leftMembers).toEqual([]);
    parts.members.reap(2 * minute - 1);
    expect(parts.status("b")).toBe("left");
    parts.emitted();
    parts.members.reap(2 * minute);
    expect([parts.status("b"), parts.emitted()]).toEqual(["failed", ["member-failed b"]]);
  });

  it("that left and were found alive again did not leave once more for a peer that missed their return", () => {
    const parts = new SerfParts().join(0, "b");
    parts.members.leaveIntent(0, { type: "leave", lamportTime: 5n, node: "b", prune: false });
    expect(parts.members.confirmLeft("b", 5n)).toBe(false);
    parts.fail(0, "b").join(0, "b");
    expect(parts.members.confirmLeft("b", 5n)).toBe(true);
    expect(parts.members.confirmLeft("b", 6n)).toBe(false);
    parts.fail(0, "b");
    expect([parts.status("b"), parts.members.confirmLeft("b", 5n)]).toEqual(["failed", true]);
    parts.members.prune("b");
    parts.join(0, "b");
    expect(parts.members.confirmLeft("b", 5n)).toBe(false);
  });

  it("flap if they come back within a minute", () => {
    const parts = new SerfParts().join(0, "b");
    const counted: string[] = [];
    Object.assign(parts.context.outbox, { meter: { incr: (name: string) => counted.push(name) } });
    parts.fail(0, "b").join(minute - 1, "b");
    parts.fail(minute, "b").join(2 * minute, "b");
    expect(counted.map((name) => name.replace("serf.member.", ""))).toEqual([
      ...["failed", "flap", "join"],
      ...["failed", "join"],
    ]);
  });

  it("that the layer below reports again are logged with Serf's message", () => {
    const parts = new SerfParts().join(0, "b").fail(0, "b");
    parts.emitted();
    parts.members.left(5, swimNode("b"), false);
    expect(parts.context.outbox.drain()).toEqual([
      expect.objectContaining({ kind: "log", level: "WARN", text: "Bad state when leave: 4" }),
    ]);
  });
});

describe("an intent about a member", () => {
  it("with the time of the last accepted one is ignored", () => {
    const parts = new SerfParts().join(0, "b");
    expect(parts.members.joinIntent(0, join("b", 5n)).rebroadcast).toBe(true);
    expect(parts.members.leaveIntent(0, leave("b", 5n))).toEqual({ rebroadcast: false, follow: "nothing" });
    expect(parts.status("b")).toBe("alive");
    expect(parts.members.leaveIntent(0, leave("b", 6n)).rebroadcast).toBe(true);
    expect(parts.members.joinIntent(0, join("b", 6n)).rebroadcast).toBe(false);
    expect(parts.status("b")).toBe("leaving");
    expect(parts.members.statusTime("b")).toBe(6n);
  });

  it("that leaves makes a failed member one that left, and reports that", () => {
    const parts = new SerfParts().join(0, "b").fail(0, "b");
    parts.emitted();
    expect(parts.members.leaveIntent(0, leave("b", 5n)).rebroadcast).toBe(true);
    expect([parts.status("b"), parts.emitted()]).toEqual(["left", ["member-leave b"]]);
  });

  it("about this node is refuted while it is alive, and accepted while it leaves", () => {
    const parts = new SerfParts().join(0, "self");
    expect(parts.members.leaveIntent(0, leave("self", 5n))).toEqual({ rebroadcast: false, follow: "refute" });
    expect([parts.status("self"), parts.members.statusTime("self")]).toEqual(["alive", 0n]);
    parts.context.state = "leaving";
    expect(parts.members.leaveIntent(0, leave("self", 5n))).toEqual({ rebroadcast: true, follow: "nothing" });
    expect(parts.status("self")).toBe("leaving");
  });
});

describe("a join and a leave at the same time", () => {
  const leave = { type: "leave", lamportTime: 5n, node: "b", prune: false } as const;

  it("make the member alive if it announced the join, in whichever order they come", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.members.leaveIntent(0, leave);
    expect(parts.status("b")).toBe("leaving");
    expect(parts.members.joinIntent(0, join("b", 5n), true).rebroadcast).toBe(true);
    expect(parts.status("b")).toBe("alive");
    expect(parts.members.leaveIntent(0, leave).rebroadcast).toBe(false);
    expect(parts.members.joinIntent(0, join("b", 5n), true).rebroadcast).toBe(false);
    expect(parts.status("b")).toBe("alive");
  });

  it("leave the member leaving if the time of the join comes from a push/pull", () => {
    const parts = new SerfParts().join(0, "self", "b");
    parts.members.leaveIntent(0, leave);
    expect(parts.members.joinIntent(0, join("b", 5n)).rebroadcast).toBe(false);
    expect(parts.status("b")).toBe("leaving");
  });
});

describe("an intent about an unknown name", () => {
  it("to leave makes the member leaving when it comes, with the intent's time", () => {
    const parts = new SerfParts();
    expect(parts.members.leaveIntent(0, leave("b", 5n)).rebroadcast).toBe(true);
    parts.join(0, "b");
    expect([parts.status("b"), parts.members.statusTime("b")]).toEqual(["leaving", 5n]);
  });

  it("is replaced by a newer one only", () => {
    const parts = new SerfParts();
    parts.members.joinIntent(0, join("b", 5n));
    expect(parts.members.leaveIntent(0, leave("b", 5n)).rebroadcast).toBe(false);
    expect(parts.members.leaveIntent(0, leave("b", 4n)).rebroadcast).toBe(false);
    parts.members.leaveIntent(0, leave("c", 5n));
    expect(parts.members.joinIntent(0, join("c", 6n)).rebroadcast).toBe(true);
    parts.join(0, "b", "c");
    expect([parts.status("b"), parts.status("c")]).toEqual(["alive", "alive"]);
    expect([parts.members.statusTime("b"), parts.members.statusTime("c")]).toEqual([5n, 6n]);
  });

  it("is forgotten after its time", () => {
    const parts = new SerfParts({ recentIntentTimeoutMs: 5 * minute });
    parts.members.leaveIntent(0, leave("b", 5n));
    parts.members.leaveIntent(1, leave("c", 5n));
    parts.members.reap(5 * minute + 1);
    parts.join(5 * minute + 1, "b", "c");
    expect([parts.status("b"), parts.status("c")]).toEqual(["alive", "leaving"]);
  });

  it("is dropped if 4,096 others are remembered", () => {
    const parts = new SerfParts();
    for (let index = 0; index < 4_096; index++) parts.members.joinIntent(0, join(`n${index}`, 5n));
    expect(parts.members.leaveIntent(0, leave("b", 5n)).rebroadcast).toBe(false);
    expect(parts.members.leaveIntent(0, leave("n7", 6n)).rebroadcast).toBe(true);
  });
});

describe("a member that is to be erased", () => {
  it("is erased at once if it is gone, and its leave is not reported if it is not gone yet", () => {
    const parts = new SerfParts().join(0, "gone", "live").fail(0, "gone");
    parts.emitted();
    expect(parts.members.leaveIntent(0, leave("gone", 5n, true)).follow).toBe("prune now");
    expect(parts.members.leaveIntent(0, leave("live", 5n, true)).follow).toBe("prune later");
    expect(parts.emitted()).toEqual(["member-leave gone"]);
    parts.fail(0, "live");
    expect([parts.status("live"), parts.emitted()]).toEqual(["left", []]);
    parts.members.prune("gone");
    parts.members.pruneAfterWait(0, "live");
    expect(parts.emitted()).toEqual(["member-reap gone", "member-reap live"]);
    expect(parts.erased).toEqual(["gone", "live"]);
  });

  it("is kept if it returns before that, found alive or announced", () => {
    const parts = new SerfParts().join(0, "b", "c");
    for (const name of ["b", "c"]) parts.members.leaveIntent(0, leave(name, 5n, true));
    parts.fail(0, "b").join(0, "b");
    parts.members.joinIntent(0, join("c", 6n));
    for (const name of ["b", "c"]) parts.members.pruneAfterWait(0, name);
    expect([parts.status("b"), parts.status("c")]).toEqual(["alive", "alive"]);
  });
});

describe("a member that is found alive", () => {
  it("has the address, tags and versions that it announced", () => {
    const parts = new SerfParts();
    const meta = new Uint8Array([0xff, 0x81, 0xa1, 0x61, 0xa1, 0x62]);
    parts.members.joined(0, swimNode("b", { meta }));
    expect(parts.members.find("b")).toEqual({
      name: "b",
      address: "10.0.0.2",
      port: 7946,
      tags: { a: "b" },
      status: "alive",
      protocol: { min: 2, max: 5, current: 5 },
      memberlist: { min: 1, max: 5, current: 2 },
    });
    parts.emitted();
    parts.members.updated(swimNode("b"));
    expect([parts.members.find("b")?.tags, parts.emitted()]).toEqual([{ role: "" }, ["member-update b"]]);
  });

  it("with tags that nobody can read has none", () => {
    const parts = new SerfParts();
    parts.members.joined(0, swimNode("b", { meta: new Uint8Array([0xff, 0x81]) }));
    expect(parts.members.find("b")?.tags).toEqual({});
    expect(parts.context.outbox.drain()).toContainEqual(
      expect.objectContaining({ text: "Failed to decode tags: msgpack: message is cut short" }),
    );
  });

  it("is known to be alive beside this node", () => {
    const parts = new SerfParts().join(0, "self");
    expect(parts.members.othersAlive).toBe(false);
    parts.join(0, "b");
    expect(parts.members.othersAlive).toBe(true);
    parts.members.leaveIntent(0, leave("b", 5n));
    expect(parts.members.othersAlive).toBe(false);
  });
});
