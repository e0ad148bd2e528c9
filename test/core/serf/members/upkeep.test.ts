import { describe, expect, it } from "vitest";
import type { SerfConfig } from "../../../../src/core/serf/config.ts";
import { Upkeep } from "../../../../src/core/serf/members/upkeep.ts";
import type { Swim } from "../../../../src/core/swim/swim.ts";
import { SerfParts } from "../parts.ts";

/** The chores of a node, and whom they contacted. */
class Subject extends SerfParts {
  readonly contacted: string[] = [];
  readonly upkeep: Upkeep;
  queueChecks = 0;

  constructor(config: Partial<SerfConfig> = {}) {
    super(config);
    const swim: Pick<Swim, "join" | "checkQueue"> = {
      join: (_now, to, name) => this.contacted.push(`${name} ${to.host}:${to.port}`),
      checkQueue: () => (this.queueChecks += 1),
    };
    this.upkeep = new Upkeep(this.context, this.members, this.queues, swim as Swim);
  }

  get lines(): string[] {
    return this.context.outbox.drain().flatMap((effect) => (effect.kind === "log" ? [effect.text] : []));
  }
}

describe("the chores", () => {
  const config = { reapIntervalMs: 3_000, reconnectIntervalMs: 5_000, queueCheckIntervalMs: 7_000 };

  it("run each at its interval, again and again", () => {
    const subject = new Subject(config);
    const { timers } = subject.context;
    const runs: string[] = [];
    subject.upkeep.start(0);
    while (timers.next() <= 15_000) {
      const now = timers.next();
      const timer = timers.take(now)!;
      runs.push(`${now} ${timer.kind}`);
      if (timer.kind === "reap" || timer.kind === "reconnect" || timer.kind === "queues")
        subject.upkeep.run(now, timer.kind);
    }
    expect(runs.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual([
      "3000 reap",
      "5000 reconnect",
      "6000 reap",
      "7000 queues",
      "9000 reap",
      "10000 reconnect",
      "12000 reap",
      "14000 queues",
      "15000 reconnect",
      "15000 reap",
    ]);
    expect(subject.queueChecks).toBe(2);
  });

  it("erase members that are gone, and warn about long queues", () => {
    const subject = new Subject({ ...config, reconnectTimeoutMs: 10, queueDepthWarning: 2 });
    subject.join(0, "b").fail(0, "b");
    subject.upkeep.run(11, "reap");
    expect(subject.status("b")).toBeUndefined();
    for (let index = 0; index < 3; index++) subject.queues.events.queue(new Uint8Array(1), undefined);
    subject.lines.splice(0);
    subject.upkeep.run(20, "queues");
    expect(subject.lines).toEqual(["Event queue depth: 3"]);
  });
});

describe("reconnecting", () => {
  it("contacts one failed member at its address, never one that left or is alive", () => {
    const subject = new Subject().join(0, "self", "alive", "left", "b", "c", "d");
    subject.leave(0, "left").fail(0, "b", "c", "d");
    for (let round = 0; round < 60; round++) subject.upkeep.run(0, "reconnect");
    expect(new Set(subject.contacted)).toEqual(
      new Set(["b 10.0.0.2:7946", "c 10.0.0.2:7946", "d 10.0.0.2:7946"]),
    );
    expect(subject.contacted).toHaveLength(60);
    expect(subject.lines).toContain("attempting reconnect to b 10.0.0.2:7946");
  });

  it("is the rarer, the smaller the part of the cluster that failed", () => {
    const names = Array.from({ length: 39 }, (_, index) => `n${index}`);
    const subject = new Subject().join(0, "self", "left", ...names, "b");
    subject.leave(0, "left").fail(0, "b");
    for (let round = 0; round < 2_000; round++) subject.upkeep.run(0, "reconnect");
    // One of 40 rounds: this node and the 39 others are alive.
    expect(subject.contacted.length).toBeGreaterThan(30);
    expect(subject.contacted.length).toBeLessThan(70);
    expect(subject.lines).toContain("forgoing reconnect for random throttling");
  });

  it("does nothing while nobody failed", () => {
    const subject = new Subject().join(0, "self", "left", "b").leave(0, "left");
    subject.lines.splice(0);
    subject.upkeep.run(0, "reconnect");
    expect([subject.contacted, subject.lines]).toEqual([[], []]);
  });
});
