/** Broken histories of events, queries, keys and snapshots: each rule has to object. */

import { describe, expect, it } from "vitest";
import {
  EventsComeEverywhere,
  EventsComeInOrder,
  EventsComeOnce,
} from "../../../runtimes/sim/checkers/events.ts";
import { OldKeysAreUnused } from "../../../runtimes/sim/checkers/keys.ts";
import { QueriesAreTrue } from "../../../runtimes/sim/checkers/queries.ts";
import { SnapshotsReplay } from "../../../runtimes/sim/checkers/snapshots.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import { parseKey } from "../../../src/go/parse_key.ts";
import { seeded } from "../../core/swim/machine.ts";
import { reports, stage, texts } from "./broken.ts";

/** The effect that delivers a user event. */
function delivers(name: string, lamportTime: bigint): SerfEffect {
  const event = { type: "user", name, lamportTime, payload: new Uint8Array(0), coalesce: false } as const;
  return { kind: "emit", event };
}

const later = 300_000;

describe("rules about events", () => {
  it("object to an event that comes twice, unless the node started anew", () => {
    const { rule, nodes } = stage(EventsComeOnce);
    const [n0, n1] = nodes;
    rule.effect(1, n0!.node, delivers("a", 1n));
    rule.effect(1, n1!.node, delivers("a", 1n));
    rule.effect(1, n0!.node, delivers("a", 2n));
    rule.started(2, n1!.node);
    rule.effect(2, n1!.node, delivers("a", 1n));
    expect(texts(rule)).toEqual([]);
    rule.effect(3, n0!.node, delivers("a", 1n));
    expect(texts(rule)).toEqual(['3: n0 delivers "a" twice']);
  });

  it("object to two events of one sender in the wrong order, unless a Lamport time is shared", () => {
    const { rule, nodes, scene } = stage(EventsComeInOrder);
    const [n0, n1, n2] = nodes;
    for (const [name, time] of [
      ["a", 1n],
      ["b", 2n],
      ["c", 3n],
    ] as const)
      rule.effect(later, n0!.node, delivers(name, time));
    rule.effect(later, n2!.node, delivers("other", 3n));
    rule.effect(later + 1, n2!.node, delivers("c", 3n));
    rule.effect(later + 2, n2!.node, delivers("a", 1n));
    expect(texts(rule)).toEqual([]);
    rule.effect(later + 3, n1!.node, delivers("b", 2n));
    rule.effect(later + 4, n1!.node, delivers("a", 1n));
    expect(texts(rule)).toEqual([`${later + 4}: n1 delivers "a" of n0 after "b"`]);
    scene.truth.disturb("disorder");
    rule.effect(later + 5, n2!.node, delivers("b", 2n));
    rule.effect(later + 6, n2!.node, delivers("a", 1n));
    expect(rule.broken).toBe(1);
  });

  it("do not expect an order of a node that left: it only receives what rides on acks", () => {
    const { rule, nodes, scene } = stage(EventsComeInOrder);
    const [n0, n1] = nodes;
    for (const name of ["a", "b"]) rule.effect(later, n0!.node, delivers(name, BigInt(name.charCodeAt(0))));
    n1!.state = "left";
    scene.truth.turned(2_000, n1!.node);
    rule.effect(later, n1!.node, delivers("b", 98n));
    rule.effect(later, n1!.node, delivers("a", 97n));
    expect(texts(rule)).toEqual([]);
  });

  it("excuse an event that comes too late to be waited for, where peers have memberlist's rules", () => {
    const { rule, nodes, scene } = stage(EventsComeInOrder, 3, true);
    const [n0, n1, n2] = nodes;
    for (const name of ["a", "b"]) rule.effect(later, n0!.node, delivers(name, BigInt(name.charCodeAt(0))));
    const { gossipIntervalMs } = scene.bounds.swim;
    for (const [node, at] of [
      [n1!, later + gossipIntervalMs - 1],
      [n2!, later + gossipIntervalMs],
    ] as const) {
      rule.effect(at, node.node, delivers("b", 98n));
      rule.effect(at, node.node, delivers("a", 97n));
    }
    expect(texts(rule)).toEqual([`${later + gossipIntervalMs - 1}: n1 delivers "a" of n0 after "b"`]);
  });

  it("expect no event at a node that ignores its time, as it joined when the sender was behind", () => {
    const { rule, nodes, scene } = stage(EventsComeEverywhere);
    const [n0, n1, n2] = nodes;
    n1!.eventsIgnoredBefore = 2n;
    n2!.eventsIgnoredBefore = 1n;
    rule.effect(later, n0!.node, delivers("a", 1n));
    const at = later + scene.bounds.reachMs;
    rule.turned(at);
    expect(texts(rule)).toEqual([`${at}: n2 has not got "a" that n0 sent at ${later}`]);
  });

  it("object to an event that a connected node does not get", () => {
    const { rule, nodes, scene } = stage(EventsComeEverywhere, 4);
    const [n0, n1, n2, n3] = nodes;
    n3!.view.set("n0", { status: "failed", tags: {} });
    rule.effect(later, n0!.node, delivers("a", 1n));
    rule.effect(later, n0!.node, delivers("b", 2n));
    rule.effect(later + 1, n1!.node, delivers("a", 1n));
    rule.effect(later + 1, n2!.node, delivers("a", 1n));
    rule.effect(later + 1, n2!.node, delivers("b", 2n));
    const at = later + scene.bounds.reachMs;
    rule.turned(at - 1);
    expect(texts(rule)).toEqual([]);
    rule.turned(at);
    expect(texts(rule)).toEqual([`${at}: n1 has not got "b" that n0 sent at ${later}`]);
  });
});

describe("the rule that events come everywhere", () => {
  it("objects after quiet to an event that a fault delayed and nothing brought later", () => {
    const { rule, nodes, scene } = stage(EventsComeEverywhere);
    const [n0, n1] = nodes;
    scene.truth.disturb("delay");
    rule.effect(later, n0!.node, delivers("a", 1n));
    rule.effect(later + 1, n1!.node, delivers("a", 1n));
    scene.truth.calm(later + 50_000, "delay");
    rule.turned(later + 100_000);
    rule.quiet(later + 100_000);
    expect(texts(rule)).toEqual([]);
    rule.quiet(later + 300_000);
    expect(texts(rule)).toEqual([`${later + 300_000}: n2 never got "a" that n0 sent at ${later}`]);
  });
});

describe("the rule about queries", () => {
  const reply = (query: number, from: string): SerfEffect => ({
    kind: "reply",
    query,
    type: "ack",
    from,
    payload: new Uint8Array(0),
  });
  const end = (query: number, ...missing: string[]): SerfEffect => ({ kind: "queryEnd", query, missing });

  it("accepts one that ends in time and is right about what is missing", () => {
    const { rule, nodes, scene } = stage(QueriesAreTrue);
    const [n0, , n2] = nodes;
    rule.asked(later, n0!.node, { query: 1, timeoutMs: 1_000 });
    scene.truth.crashed(later, n2!.node);
    for (const from of ["n0", "n1"]) rule.effect(later + 1, n0!.node, reply(1, from));
    rule.effect(later + 1_000, n0!.node, end(1, "n2"));
    rule.turned(later + 9_000, n0!.node);
    expect(texts(rule)).toEqual([]);
    expect(rule.judged).toBe(3);
  });

  it("objects to an answer that nobody gave, and to one that is missing", () => {
    const { rule, nodes } = stage(QueriesAreTrue);
    const [n0] = nodes;
    const answer = (from: string): Uint8Array => new TextEncoder().encode(`load of ${from}`);
    const answers = (query: number, from: string, payload: Uint8Array): SerfEffect => ({
      kind: "reply",
      query,
      type: "response",
      from,
      payload,
    });
    rule.asked(later, n0!.node, { query: 1, timeoutMs: 1_000, answer });
    for (const from of ["n0", "n1", "n2"]) {
      rule.effect(later + 1, n0!.node, reply(1, from));
      rule.effect(later + 1, n0!.node, answers(1, from, answer(from)));
    }
    rule.effect(later + 1, n0!.node, end(1));
    expect(texts(rule)).toEqual([]);
    for (const [query, given] of [answer, undefined].entries()) {
      rule.asked(later, n0!.node, { query: 2 + query, timeoutMs: 1_000, answer: given });
      for (const from of ["n0", "n1", "n2"]) rule.effect(later + 2, n0!.node, reply(2 + query, from));
    }
    rule.effect(later + 2, n0!.node, answers(2, "n1", answer("n2")));
    rule.effect(later + 2, n0!.node, answers(2, "n2", answer("n2")));
    rule.effect(later + 2, n0!.node, answers(3, "n2", answer("n2")));
    rule.effect(later + 3, n0!.node, end(2, "n0"));
    expect(texts(rule)).toEqual([
      `${later + 2}: query 2 of n0: n1 answers something else`,
      `${later + 2}: query 3 of n0: n2 answers something else`,
      `${later + 3}: query 2 of n0: n0 does not reply`,
    ]);
  });

  it("expects no reply where most members have crashed unnoticed", () => {
    const { rule, nodes, scene } = stage(QueriesAreTrue, 5);
    const [n0, , n2, n3, n4] = nodes;
    rule.asked(later, n0!.node, { query: 1, timeoutMs: 1_000 });
    for (const { node } of [n2!, n3!]) scene.truth.crashed(later - 1, node);
    rule.effect(later + 1, n0!.node, reply(1, "n0"));
    rule.effect(later + 2, n0!.node, end(1, "n1", "n2", "n3", "n4"));
    expect(rule.broken).toBe(2);
    rule.asked(later, n0!.node, { query: 2, timeoutMs: 1_000 });
    scene.truth.crashed(later - 1, n4!.node);
    rule.effect(later + 1, n0!.node, reply(2, "n0"));
    rule.effect(later + 2, n0!.node, end(2, "n1", "n2", "n3", "n4"));
    expect(rule.broken).toBe(2);
  });

  it("objects to one that ends late or never", () => {
    const { rule, nodes } = stage(QueriesAreTrue);
    const [n0, n1] = nodes;
    rule.asked(later, n0!.node, { query: 1, timeoutMs: 1_000 });
    rule.asked(later, n1!.node, { query: 2, timeoutMs: 1_000 });
    for (const from of ["n0", "n1", "n2"]) rule.effect(later + 1, n0!.node, reply(1, from));
    rule.effect(later + 1_002, n0!.node, end(1));
    rule.turned(later + 1_001, n1!.node);
    rule.turned(later + 1_002, n1!.node);
    expect(texts(rule)).toEqual([
      `${later + 1_002}: query 1 of n0 ended late`,
      `${later + 1_002}: query 2 of n1 has not ended`,
    ]);
  });

  it("moves the deadline with the clock of the node that asks", () => {
    const { rule, nodes } = stage(QueriesAreTrue);
    const [n0, n1] = nodes;
    for (const [index, { node }] of [n0!, n1!].entries()) {
      rule.asked(later, node, { query: index, timeoutMs: 1_000 });
      for (const from of ["n0", "n1", "n2"]) rule.effect(later + 1, node, reply(index, from));
    }
    n0!.aheadMs = 30_000;
    n1!.aheadMs = -500;
    for (const { node } of [n0!, n1!]) rule.turned(later + 300, node);
    rule.effect(later + 301, n0!.node, end(0));
    rule.effect(later + 1_501, n1!.node, end(1));
    expect(texts(rule)).toEqual([]);
    rule.asked(later + 2_000, n0!.node, { query: 2, timeoutMs: 1_000 });
    n0!.aheadMs += 30_000;
    rule.turned(later + 2_300, n0!.node);
    rule.turned(later + 2_302, n0!.node);
    expect(texts(rule)).toEqual([`${later + 2_302}: query 2 of n0 has not ended`]);
  });

  it("objects to replies twice, or of members that did not run, and to a wrong list of missing ones", () => {
    const { rule, nodes, scene } = stage(QueriesAreTrue);
    const [n0, n1, n2] = nodes;
    scene.truth.crashed(later - 1, n2!.node);
    rule.asked(later, n0!.node, { query: 1, timeoutMs: 1_000 });
    for (const from of ["n0", "n0", "n2"]) rule.effect(later + 1, n0!.node, reply(1, from));
    rule.effect(later + 2, n0!.node, end(1, "n2"));
    expect(texts(rule)).toEqual([
      `${later + 1}: query 1 of n0: n0 replies twice`,
      `${later + 1}: query 1 of n0: n2 replies, which did not run`,
      `${later + 2}: query 1 of n0: n1 does not reply`,
      `${later + 2}: query 1 of n0: missing is n2, in truth n1`,
    ]);
    expect(n1!.running).toBe(true);
  });
});

describe("the rule about keys", () => {
  it("objects to a datagram that the old key opens", () => {
    const [old, next] = ["cg8StVXbQJ0gPvMd9o7yrg==", "OONcUv3p6fxJEYmNP/4qyQ=="] as const;
    const { rule, nodes } = stage(OldKeysAreUnused);
    const [n0] = nodes;
    const sends = (key: string): SerfEffect => {
      const codec = new Codec({ label: "", compression: true, encryptionVersion: 1, random: seeded(1) });
      codec.setKeys([parseKey(key)]);
      const part = codec.encode({ type: "nack", sequence: 3 });
      const bytes = codec.seal([part], { crc: false, encrypt: true });
      return { kind: "send", to: { host: "10.0.0.1", port: 7946 }, bytes };
    };
    rule.effect(1, n0!.node, sends(old));
    rule.rotated(old);
    rule.effect(2, n0!.node, sends(next));
    expect(texts(rule)).toEqual([]);
    rule.effect(3, n0!.node, sends(old));
    expect(texts(rule)).toEqual(["3: n0 sends a datagram that the old key opens"]);
  });
});

describe("the rule about snapshots", () => {
  const record: SerfEffect = { kind: "record", text: "" };

  it("objects to a file that does not replay to what was recorded last", () => {
    const { rule, nodes } = stage(SnapshotsReplay);
    const [n0] = nodes;
    n0!.clocks.events.time = 9n;
    n0!.clocks.members.time = 5n;
    n0!.incarnations.set("n0", 2);
    for (const name of ["n1", "n2"]) rule.effect(1, n0!.node, reports("member-join", name));
    rule.effect(2, n0!.node, reports("member-failed", "n2"));
    rule.effect(2, n0!.node, delivers("a", 7n));
    rule.effect(3, n0!.node, record);
    // What comes after the last record may be lost.
    rule.effect(4, n0!.node, reports("member-join", "n2"));
    const right = "alive: n1 10.0.0.1:7946\n#failed: n2 10.0.0.2:7946\nclock: 4\nevent-clock: 7\n";
    n0!.disk.file = `${right}#incarnation: 2\n`;
    rule.crashed(5, n0!.node);
    expect(texts(rule)).toEqual([]);
    n0!.disk.file = "alive: n2 10.0.0.2:7946\nclock: 5\nevent-clock: 8\n#incarnation: 3\n";
    rule.crashed(6, n0!.node);
    expect(texts(rule)).toEqual([
      "6: the snapshot of n0 has live members n2 10.0.0.2:7946, were n1 10.0.0.1:7946",
      "6: the snapshot of n0 has failed members , were n2 10.0.0.2:7946",
      "6: the snapshot of n0 has event clock 8, was 7",
      "6: the snapshot of n0 has clock 5, was below 5",
      "6: the snapshot of n0 has incarnation 3",
    ]);
  });

  it("objects to a start from a file that replays to what never was, be it old or torn", () => {
    const { rule, nodes } = stage(SnapshotsReplay);
    const [n0] = nodes;
    n0!.clocks.events.time = 9n;
    for (const name of ["n1", "n2"]) rule.effect(1, n0!.node, reports("member-join", name));
    rule.effect(2, n0!.node, reports("member-failed", "n2"));
    rule.effect(3, n0!.node, delivers("a", 7n));
    rule.effect(4, n0!.node, record);
    const files = [
      "",
      "alive: n1 10.0.0.1:7946\n",
      "alive: n1 10.0.0.1:7946\nalive: n2 10.0.0.2:7946\n#fai",
      "alive: n1 10.0.0.1:7946\n#failed: n2 10.0.0.2:7946\n",
      "alive: n1 10.0.0.1:7946\n#failed: n2 10.0.0.2:7946\nevent-clock: 7\n",
    ];
    for (const file of files) {
      const again = stage(SnapshotsReplay);
      const [other] = again.nodes;
      for (const name of ["n1", "n2"]) again.rule.effect(1, other!.node, reports("member-join", name));
      again.rule.effect(2, other!.node, reports("member-failed", "n2"));
      again.rule.effect(3, other!.node, delivers("a", 7n));
      again.rule.effect(4, other!.node, record);
      other!.disk.file = file;
      again.rule.started(5, other!.node);
      expect(texts(again.rule)).toEqual([]);
    }
    n0!.disk.file = "alive: n2 10.0.0.2:7946\n";
    rule.started(6, n0!.node);
    expect(texts(rule)).toEqual([
      "6: n0 starts from a snapshot of what never was: live n2 10.0.0.2:7946, failed , event clock 0",
    ]);
    // The beginning of an address is none.
    n0!.disk.file = "alive: n1 10.0.0.1:79\n";
    for (const name of ["n1", "n2"]) rule.effect(7, n0!.node, reports("member-join", name));
    rule.effect(7, n0!.node, record);
    rule.started(8, n0!.node);
    expect(rule.broken).toBe(2);
  });

  it("expects no more of a file on a full disk, and all of it when that was replaced", () => {
    const { rule, nodes } = stage(SnapshotsReplay);
    const [n0] = nodes;
    const { disk } = n0!;
    n0!.clocks.members.time = 5n;
    rule.effect(1, n0!.node, reports("member-join", "n1"));
    rule.effect(1, n0!.node, record);
    disk.append("alive: n1 10.0.0.1:7946\n");
    disk.fill(3);
    rule.effect(2, n0!.node, reports("member-join", "n2"));
    disk.append("alive: n2 10.0.0.2:7946\n");
    rule.effect(2, n0!.node, record);
    rule.crashed(3, n0!.node);
    expect(texts(rule)).toEqual([]);
    disk.empty();
    disk.replace("alive: n1 10.0.0.1:7946\nalive: n2 10.0.0.2:7946\n");
    rule.effect(4, n0!.node, reports("member-failed", "n2"));
    rule.crashed(5, n0!.node);
    expect(texts(rule)).toEqual([]);
    disk.replace("alive: n1 10.0.0.1:7946\n");
    rule.crashed(6, n0!.node);
    const text =
      "the snapshot of n0 has live members n1 10.0.0.1:7946, were n1 10.0.0.1:7946,n2 10.0.0.2:7946";
    expect(texts(rule)).toEqual([`6: ${text}`]);
    rule.quiet(7);
    expect(texts(rule).at(-1)).toBe(`7: ${text}`);
  });
});
