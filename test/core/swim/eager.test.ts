import { describe, expect, it } from "vitest";
import { allRules } from "../../../src/core/swim/config.ts";
import { alive, Machine } from "./machine.ts";

/** A machine whose gossip does not wait, which does not probe and does not end suspicions. */
function machine(overrides: ConstructorParameters<typeof Machine>[0] = {}, seed = 1): Machine {
  const quiet = { probeIntervalMs: 1e9, suspicionMult: 1e6, pushPullIntervalMs: 0 };
  return new Machine({ ...quiet, rules: allRules, ...overrides }, seed);
}

/** Makes `count` others known that have been talked about enough. */
function among(subject: Machine, count: number): Machine {
  for (let last = 2; last < 2 + count; last++) subject.packet(alive(`n${last}`, 1, last));
  subject.run(60_000);
  return subject;
}

/** How many packets went to whom. */
function packets({ effects }: Machine): Map<string, number> {
  const counts = new Map<string, number>();
  for (const effect of effects) {
    if (effect.kind === "send") counts.set(effect.to.host, (counts.get(effect.to.host) ?? 0) + 1);
  }
  return counts;
}

function announce(subject: Machine): void {
  subject.swim.update(subject.now, () => undefined);
  subject.take();
}

describe("what a node has to say itself", () => {
  it("goes to all others at once, if they are eight at most", () => {
    const subject = among(machine(), 8);
    announce(subject);
    expect(packets(subject)).toEqual(new Map(Array.from({ length: 8 }, (_, i) => [`10.0.0.${i + 2}`, 1])));
  });

  it("goes to half as many as get it in all, if there are more", () => {
    // ceil(log10(31 + 1)) * 4 transmissions.
    const subject = among(machine(), 30);
    announce(subject);
    expect([...packets(subject).values()]).toEqual([1, 1, 1, 1]);
    const many = among(machine({ retransmitMult: 10 }), 30);
    announce(many);
    expect(packets(many).size).toBe(10);
  });

  it("is sent as often in all as without haste", () => {
    for (const eager of [true, false]) {
      const subject = among(machine({ rules: { ...allRules, eager } }), 30);
      announce(subject);
      const sent = [...subject.effects, ...subject.run(subject.now + 60_000)];
      expect(sent.filter(({ kind }) => kind === "send")).toHaveLength(8);
    }
  });
});

describe("what a node passes on", () => {
  it("goes at once to both neighbours and two more, but not back to its source", () => {
    const others = Array.from({ length: 30 }, (_, index) => `10.0.0.${index + 2}`);
    const reached = new Set<string>();
    for (const [seed, from] of others.entries()) {
      const subject = among(machine({}, seed), 30);
      const neighbours = subject.swim.nearest(2).map(({ host }) => host);
      subject.packetFrom({ host: from, port: 7946 }, alive("fresh", 1, 99));
      const sent = packets(subject);
      // The newcomer may be a neighbour itself.
      const now = subject.swim.nearest(2).map(({ host }) => host);
      expect([...sent.keys()]).toEqual(expect.arrayContaining(now));
      expect([...sent.values()]).toEqual([1, 1, 1, 1]);
      if (!neighbours.includes(from) && !now.includes(from)) expect(sent.has(from)).toBe(false);
      for (const host of sent.keys()) reached.add(host);
    }
    expect(reached.size).toBeGreaterThan(15);
  });

  it("is not known already", () => {
    const subject = among(machine(), 30);
    subject.packet(alive("n5", 1, 5));
    expect(packets(subject).size).toBe(0);
  });
});

describe("haste", () => {
  it("takes as many packets as needed", () => {
    const subject = among(machine({ packetSizeMax: 300 }), 20);
    const fresh = Array.from({ length: 40 }, (_, index) => alive(`fresh ${index}`, 1, index + 100));
    subject.packet(...fresh);
    const told = new Map<string, Set<string>>();
    for (const { to, message } of subject.sent()) {
      if (message.type !== "alive") continue;
      told.set(to, (told.get(to) ?? new Set()).add(message.node));
    }
    expect([...told.values()].map(({ size }) => size)).toEqual([40, 40, 40, 40]);
    expect(Math.min(...packets(subject).values())).toBeGreaterThan(5);
  });

  it("lets the second announcement in a row wait, and the rest share its packets", () => {
    const subject = among(machine(), 20);
    const at: number[] = [];
    for (let index = 0; index < 500; index++) {
      subject.packet(alive(`fresh ${index}`, 1, 100));
      if (packets(subject).size > 0) at.push(index);
    }
    // All of that was at one moment: only the first left before the clock went on.
    expect(at).toEqual([0]);
    subject.run(subject.now + 50);
    const counts = new Map<string, number>();
    for (const { message } of subject.sent())
      if (message.type === "alive") counts.set(message.node, (counts.get(message.node) ?? 0) + 1);
    expect([...counts.keys()]).toEqual(expect.arrayContaining(["fresh 1", "fresh 499"]));
    expect(counts.size).toBeGreaterThanOrEqual(499);
    for (const [node, count] of counts) if (node !== "fresh 0") expect(count).toBeGreaterThanOrEqual(4);
    const sent = [...packets(subject).values()].reduce((sum, count) => sum + count, 0);
    expect(sent).toBeLessThan(250);
  });

  it("spends what memberlist may send in ten seconds, then keeps to the intervals", () => {
    const subject = among(machine(), 20);
    const begin = subject.now;
    let bytes = 0;
    let count = 0;
    for (let index = 0; subject.now < begin + 20_000; index++) {
      subject.packet(...Array.from({ length: 10 }, (_, part) => alive(`${index} ${part}`, 1, 100)));
      for (const effect of [...subject.effects, ...subject.run(subject.now + 20)]) {
        if (effect.kind !== "send") continue;
        bytes += effect.bytes.length + 60;
        count += 1;
      }
    }
    const rate = (3 * 1_460) / 0.2;
    // Ten seconds of credit, what came back in twenty, and what ticks may send without any.
    expect(bytes).toBeGreaterThan(20 * rate);
    expect(bytes).toBeLessThan((10 + 20) * rate + (20 / 0.2) * 11 * 1_460);
    expect(count).toBeGreaterThan(100);
  });

  it("does not ask to be called at the same time again if there is nobody to tell", () => {
    const subject = among(machine(), 2);
    for (const node of ["n2", "n3"]) subject.packet({ type: "dead", node, incarnation: 1, from: "x" });
    announce(subject);
    expect(subject.swim.deadline(subject.now)).toBeGreaterThan(subject.now);
    const small = among(machine({ packetSizeMax: 60 }), 3);
    small.packet(alive("f".repeat(100), 1, 99));
    expect(small.swim.deadline(small.now)).toBeGreaterThan(small.now);
  });

  it("can be switched off", () => {
    const subject = among(machine({ rules: { ...allRules, eager: false } }), 8);
    announce(subject);
    expect(packets(subject).size).toBe(0);
  });
});

describe("what is held while inputs come together", () => {
  /** Feeds a packet that is handled together with others. Returns whether anything is held. */
  function held(subject: Machine, last: number, node: string): boolean {
    const bytes = subject.codec.seal([subject.codec.encode(alive(node, 1, 200))], {
      crc: false,
      encrypt: false,
    });
    subject.swim.packet(subject.now, { host: `10.0.0.${last}`, port: 7946 }, bytes);
    return subject.swim.hold(subject.now);
  }

  it("leaves in one packet for each receiver, and to as many as if it had come in one", () => {
    // Of our own it would go to ten.
    const subject = among(machine({ retransmitMult: 10 }), 30);
    subject.swim.hold(subject.now);
    expect([held(subject, 2, "x"), held(subject, 2, "y")]).toEqual([true, true]);
    expect(subject.outbox.drain()).toEqual([]);
    subject.take();
    expect([...packets(subject).values()]).toEqual([1, 1, 1, 1]);
    expect(subject.swim.hold(subject.now)).toBe(false);
  });

  it("goes to all others if something of our own is in it", () => {
    const subject = among(machine(), 7);
    subject.swim.update(subject.now, () => undefined);
    subject.swim.hold(subject.now);
    // The eighth other member.
    held(subject, 2, "x");
    subject.take();
    expect(packets(subject).size).toBe(8);
  });

  it("goes back to no member that it came from, unless it came from several", () => {
    const back = (senders: readonly number[]): number => {
      let count = 0;
      for (let seed = 0; seed < 60; seed++) {
        const subject = among(machine({}, seed), 12);
        const neighbours = subject.swim.nearest(2).map(({ host }) => host);
        subject.swim.hold(subject.now);
        const hosts = senders.map((sender) => `10.0.0.${sender}`);
        if (hosts.some((host) => neighbours.includes(host))) continue;
        for (const [index, sender] of senders.entries()) held(subject, sender, `x${index}`);
        subject.take();
        count += hosts.filter((host) => packets(subject).has(host)).length;
      }
      return count;
    };
    const free = [2, 3, 4, 5, 6, 7].filter((last) => {
      const near = among(machine(), 12)
        .swim.nearest(4)
        .map(({ host }) => host);
      return !near.includes(`10.0.0.${last}`);
    });
    expect(free.length).toBeGreaterThan(2);
    expect(back([free[0]!, free[0]!])).toBe(0);
    expect(back([free[0]!, free[1]!])).toBeGreaterThan(5);
  });
});
