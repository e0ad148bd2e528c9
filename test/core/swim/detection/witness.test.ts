import { beforeEach, describe, expect, it } from "vitest";
import type { SwimEffect } from "../../../../src/core/effects.ts";
import { allRules, type SwimConfig } from "../../../../src/core/swim/config.ts";
import type { Ping } from "../../../../src/core/wire/messages.ts";
import type { SystemErrorCode } from "../../../../src/runtime.ts";
import { address, alive, Machine } from "../machine.ts";

type Dial = SwimEffect & { kind: "dial" };

let machine: Machine;
/** The last number of the address of a member that this node watches, its name, and that of one it does not. */
let last: number;
let watched: string;
let other: string;

const lastOf = (host: string): number => Number(host.split(".").at(-1));
const nameOf = (number: number): string => String.fromCharCode(96 + number);
const accuse = (from: string, node = watched): void => {
  machine.packet({ type: "suspect", node, incarnation: 1, from });
};

/** The knocks among what was done last at a member's address. */
function knocks(at = last, port = 7946): Dial[] {
  return machine.effects.filter(
    (effect): effect is Dial =>
      effect.kind === "dial" && lastOf(effect.to.host) === at && effect.to.port === port,
  );
}

function answer(dial: Dial, code?: SystemErrorCode, after = 1): void {
  machine.now += after;
  const input = code === undefined ? { kind: "opened" } : { kind: "failed", code, reason: code };
  machine.swim.stream(machine.now, dial.id, input as never);
  machine.take();
}

/** Runs until this node knocks at the watched member, and answers. */
function knocked(code?: SystemErrorCode, limitMs = 15_000): Dial {
  const end = machine.now + limitMs;
  while (machine.now < end) {
    machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
    machine.take();
    const [dial] = knocks();
    if (dial === undefined) continue;
    answer(dial, code);
    return dial;
  }
  throw new Error("nobody knocks");
}

/** A node that does not probe for a while and watches a member that took its connection. */
function watching(settings: Partial<SwimConfig> = {}): void {
  machine = new Machine({ gossipIntervalMs: 1e9, pushPullIntervalMs: 0, lastChecks: 0, ...settings });
  for (let number = 2; number <= 9; number++) machine.packet(alive(nameOf(number), 1, number));
  const near = machine.swim.nearest(8).map(({ host }) => lastOf(host));
  last = near[0]!;
  watched = nameOf(last);
  other = nameOf(near.at(-1)!);
  // Acks keep the prober quiet.
  const end = machine.now + 3_000;
  while (machine.now < end) {
    machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
    machine.take();
    const dials = machine.effects.filter((effect): effect is Dial => effect.kind === "dial");
    reply();
    for (const dial of dials) answer(dial);
  }
}

/** Runs until this node knocks at the watched member again, while all members reply. */
function untilRenewed(): Dial[] {
  for (;;) {
    machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
    machine.take();
    const dials = machine.effects.filter((effect): effect is Dial => effect.kind === "dial");
    reply();
    for (const dial of dials) if (lastOf(dial.to.host) !== last) answer(dial);
    const mine = dials.filter(({ to }) => lastOf(to.host) === last);
    if (mine.length > 0) return mine;
  }
}

/** Acknowledges the pings that were sent last. */
function reply(): void {
  for (const { message } of machine.sent())
    if (message.type === "ping") machine.packet({ type: "ack", sequence: message.sequence, payload: null });
}

function askedFor(): void {
  const source = { address: new Uint8Array(), port: 0, node: "" };
  machine.packet({
    type: "indirectPing",
    sequence: 77,
    target: address(last),
    port: 7946,
    node: watched,
    nack: false,
    source,
  });
}

const fast = { probeIntervalMs: 1_000_000, probeTimeoutMs: 500 };

beforeEach(() => {
  watching();
  // From here on nothing else is due for a while.
  machine.effects = [];
});

describe("the watchers of a member", () => {
  it("connect to it once and close the connection, in silence", () => {
    machine = new Machine();
    machine.packet(alive("b", 1, 2));
    last = 2;
    const dial = knocked();
    expect(machine.effects).toEqual([{ kind: "close", id: dial.id }]);
  });

  it("are its two neighbours on the ring, and no others", () => {
    machine = new Machine();
    for (let number = 2; number <= 9; number++) machine.packet(alive(nameOf(number), 1, number));
    const near = machine.swim.nearest(2).map(({ host }) => lastOf(host));
    const hosts = new Set<number>();
    while (machine.now < 8_000) {
      machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
      machine.take();
      for (const effect of machine.effects) if (effect.kind === "dial") hosts.add(lastOf(effect.to.host));
      const dials = machine.effects.filter((effect): effect is Dial => effect.kind === "dial");
      reply();
      for (const dial of dials) answer(dial);
    }
    expect([...hosts].sort()).toEqual(near.sort());
  });

  it("send the header of a label before they close the connection, as memberlist logs others", () => {
    machine = new Machine();
    machine.packet(alive("b", 1, 2));
    Object.defineProperty(machine.codec, "labelHeader", { value: new Uint8Array([244, 1, 65]) });
    last = 2;
    const dial = knocked();
    expect(machine.effects).toEqual([
      { kind: "write", id: dial.id, bytes: new Uint8Array([244, 1, 65]) },
      { kind: "close", id: dial.id },
    ]);
  });

  it("knock again after five minutes, and sooner after a knock that failed", () => {
    machine = new Machine({ pushPullIntervalMs: 0 });
    machine.packet(alive("b", 1, 2));
    last = 2;
    const times: number[] = [];
    for (const code of ["ETIMEDOUT", undefined, undefined] as const) {
      for (;;) {
        machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
        machine.take();
        const dials = knocks();
        reply();
        if (dials.length === 0) continue;
        times.push(machine.now);
        answer(dials[0]!, code);
        break;
      }
    }
    expect([times[1]! - times[0]!, times[2]! - times[1]!].map((ms) => Math.round(ms / 1_000))).toEqual([
      10, 301,
    ]);
  });
});

describe("evidence of a crash", () => {
  it("is two refusals, a hold apart; together with another accuser it is a death", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    const refusedAt = machine.now;
    machine.run(refusedAt + 1_999);
    expect(knocks()).toEqual([]);
    machine.run(refusedAt + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("dead@1");
    expect(machine.logs).toContain(`INFO Marking ${watched} as failed, its host refuses connections`);
  });

  it("waits for another accuser without one", () => {
    askedFor();
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("suspect@1");
    accuse("x");
    expect(machine.status(watched)).toBe("dead@1");
  });

  it("has to be fresh: after a while, the host has to refuse once more", () => {
    askedFor();
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 1_200);
    machine.effects = [];
    accuse("x");
    expect(machine.status(watched)).toBe("suspect@1");
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("dead@1");
  });

  it.each<[string, SystemErrorCode | undefined]>([
    ["the port takes the connection again", undefined],
    ["the dial takes too long", "ETIMEDOUT"],
    ["the connection is reset", "ECONNRESET"],
    ["the host cannot be reached", "EHOSTUNREACH"],
  ])("is none if at the second time %s", (_name, code) => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, code);
    accuse("y");
    expect(machine.status(watched)).toBe("suspect@1");
    expect(machine.sent().filter(({ message }) => message.type === "dead")).toEqual([]);
  });

  it("is none if the answer waited in this node for longer than a dial may take", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED", 501);
    expect(machine.status(watched)).toBe("suspect@1");
  });

  it("is none of a member that never took a connection", () => {
    machine = new Machine({ ...fast });
    for (let number = 2; number <= 9; number++) machine.packet(alive(nameOf(number), 1, number));
    accuse("x");
    expect(machine.effects.filter(({ kind }) => kind === "dial")).toEqual([]);
  });

  it("is none at a new incarnation", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.packet(alive(watched, 2, last));
    machine.packet({ type: "suspect", node: watched, incarnation: 2, from: "x" });
    machine.run(machine.now + 2_000);
    for (const dial of knocks()) answer(dial, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("suspect@2");
  });

  it("is looked for anew at a new incarnation, with a hold of its own", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 1_500);
    machine.packet(alive(watched, 2, last));
    machine.packet({ type: "suspect", node: watched, incarnation: 2, from: "x" });
    answer(knocks()[0]!, "ECONNREFUSED");
    const begun = machine.now;
    machine.run(begun + 1_999);
    expect(knocks()).toEqual([]);
    machine.run(begun + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("dead@2");
  });

  it("is none at a port that the member has left", () => {
    watching({ deadNodeReclaimMs: 1 });
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.packet({ type: "dead", node: watched, incarnation: 1, from: watched });
    machine.packet(alive(watched, 2, last, { port: 8_000 }));
    machine.packet({ type: "suspect", node: watched, incarnation: 2, from: "x" });
    // So long that no probe fails, which would dial, too.
    machine.run(machine.now + 2_100);
    expect([...knocks(), ...knocks(last, 8_000)]).toEqual([]);
    expect(machine.status(watched)).toBe("suspect@2");
  });

  it("is none at a port that the member has left without a new incarnation", () => {
    watching({ deadNodeReclaimMs: 1 });
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.packet({ type: "dead", node: watched, incarnation: 1, from: "x" });
    machine.now += 2;
    machine.packet(alive(watched, 1, last, { port: 8_000 }));
    machine.packet({ type: "suspect", node: watched, incarnation: 1, from: "x" });
    machine.run(machine.now + 2_100);
    expect([...knocks(), ...knocks(last, 8_000)]).toEqual([]);
    expect(machine.status(watched)).toBe("suspect@1");
  });

  it("is none of a member that this node does not watch", () => {
    accuse("x", other);
    expect(machine.effects.filter(({ kind }) => kind === "dial")).toEqual([]);
  });

  it("is none of a member that is no neighbour any more", () => {
    for (let number = 20; number <= 90; number++) machine.packet(alive(`m${number}`, 1, number));
    expect(machine.swim.nearest(2).map(({ host }) => lastOf(host))).not.toContain(last);
    accuse("x");
    expect(knocks()).toEqual([]);
  });

  it("begins with the knock that is under way", () => {
    const [dial] = untilRenewed();
    accuse("x");
    expect(knocks()).toEqual([]);
    answer(dial!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    expect(knocks()).toHaveLength(1);
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(machine.status(watched)).toBe("dead@1");
  });

  it("is none of a member that nobody doubts and that refuses twice, ten seconds apart", () => {
    const [first] = untilRenewed();
    answer(first!, "ECONNREFUSED");
    const refusedAt = machine.now;
    const [second] = untilRenewed();
    answer(second!, "ECONNREFUSED");
    expect(Math.round((machine.now - refusedAt) / 1_000)).toBe(10);
    accuse("x");
    expect(knocks()).toEqual([]);
  });

  it("is dropped when the member replies to one of the pings between the refusals", () => {
    askedFor();
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 1_500);
    const pings = machine
      .sent()
      .filter((sent): sent is { to: string; message: Ping } => sent.message.type === "ping");
    const mine = pings.filter(({ message }) => message.node === watched);
    expect(mine.length).toBeGreaterThanOrEqual(3);
    machine.packet({ type: "ack", sequence: mine.at(-1)!.message.sequence, payload: null });
    machine.run(machine.now + 5_000);
    expect(knocks()).toEqual([]);
    expect(machine.status(watched)).toBe("alive@1");
  });

  it("counts no more when the member replies to a ping, until another accuses it", () => {
    askedFor();
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    askedFor();
    const relayed = machine.sent().find(({ message }) => message.type === "ping")!.message as Ping;
    machine.packet({ type: "ack", sequence: relayed.sequence, payload: null });
    accuse("x");
    expect(machine.status(watched)).toBe("suspect@1");
  });

  it("is dropped when a relayed ping is answered", () => {
    askedFor();
    const relayed = machine.sent().find(({ message }) => message.type === "ping")!.message as Ping;
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.packet({ type: "ack", sequence: relayed.sequence, payload: null });
    machine.run(machine.now + 3_000);
    expect(knocks()).toEqual([]);
  });

  it("is dropped when this node stood still meanwhile", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.now += 2_500;
    machine.swim.tick(machine.now);
    machine.take();
    expect(knocks()).toEqual([]);
    machine.run(machine.now + 3_000);
    expect(knocks()).toEqual([]);
  });

  it("needs a new connection after the member refuted it", () => {
    accuse("x");
    answer(knocks()[0]!, "ECONNREFUSED");
    machine.run(machine.now + 2_000);
    answer(knocks()[0]!, "ECONNREFUSED");
    expect(knocks()).toEqual([]);
    machine.packet(alive(watched, 2, last));
    expect(machine.status(watched)).toBe("alive@2");
    machine.effects = [];
    machine.packet({ type: "suspect", node: watched, incarnation: 2, from: "x" });
    expect(knocks()).toEqual([]);
  });

  it.each([
    ["the setting is 0", { crashHoldMs: 0 }],
    ["the rule is off", { rules: { ...allRules, crashEvidence: false } }],
  ])("does not exist if %s", (_name, settings) => {
    watching(settings);
    accuse("x");
    expect(machine.effects.filter(({ kind }) => kind === "dial")).toEqual([]);
  });

  it("is looked for with a bounded number of connections in a second, one at a time", () => {
    let dials = 0;
    for (let request = 0; request < 100; request++) {
      askedFor();
      const found = knocks();
      askedFor();
      found.push(...knocks());
      expect(found.length).toBeLessThanOrEqual(1);
      for (const dial of found) answer(dial, undefined, 0);
      dials += found.length;
    }
    expect(dials).toBe(8);
  });
});
