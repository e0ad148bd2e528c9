import { beforeEach, describe, expect, it } from "vitest";
import type { SwimEffect } from "../../../../src/core/effects.ts";
import { nameHash } from "../../../../src/core/name_index.ts";
import { allRules } from "../../../../src/core/swim/config.ts";
import type { Ack, Ping } from "../../../../src/core/wire/messages.ts";
import { address, alive, Machine, versions } from "../machine.ts";

let machine: Machine;
const none = { address: new Uint8Array(), port: 0, node: "" };
const ack = (sequence: number): Ack => ({ type: "ack", sequence, payload: null });
const from = (last: number): { host: string; port: number } => ({ host: `10.0.0.${last}`, port: 7946 });

/** The pings in what was just sent. */
function pings(): { to: string; message: Ping }[] {
  return machine.sent().filter((sent): sent is { to: string; message: Ping } => sent.message.type === "ping");
}

function sentTypes(): string[] {
  return machine.sent().map(({ to, message }) => `${message.type} ${to}`);
}

beforeEach(() => {
  machine = new Machine();
});

describe("probing", () => {
  it("visits every live member once per round in random order, never itself or gone members", () => {
    for (const [index, name] of ["b", "c", "d", "e"].entries()) machine.packet(alive(name, 1, index + 2));
    machine.packet({ type: "dead", node: "e", incarnation: 1, from: "e" });
    const probed: string[] = [];
    for (let second = 1; second <= 6; second++) {
      machine.run(second * 1000);
      for (const { message } of pings()) {
        probed.push(message.node);
        machine.packetFrom(from(2), ack(message.sequence));
      }
    }
    expect(probed.slice(0, 3).sort()).toEqual(["b", "c", "d"]);
    expect(probed.slice(3).sort()).toEqual(["b", "c", "d"]);
  });

  it("takes turns between the round and the neighbours on the ring", () => {
    machine = new Machine({ rules: { ...allRules, crashEvidence: false }, pushPullIntervalMs: 0 });
    for (let last = 2; last < 12; last++) machine.packet(alive(`n${last}`, 1, last));
    const neighbours = machine.swim.nearest(2).map(({ host }) => host);
    const probed: string[] = [];
    for (let round = 1; round <= 40; round++) {
      machine.run(1_000 * round);
      for (const { to, message } of pings()) {
        probed.push(to);
        machine.packetFrom({ host: to, port: 7946 }, ack(message.sequence));
      }
    }
    expect(probed).toHaveLength(40);
    const odd = probed.filter((_, index) => index % 2 === 0);
    const even = probed.filter((_, index) => index % 2 === 1);
    const [inTurn, watched] = odd.every((host) => neighbours.includes(host)) ? [even, odd] : [odd, even];
    expect(watched.filter((host) => host === neighbours[0]).length).toBeGreaterThanOrEqual(9);
    expect(watched.filter((host) => host === neighbours[1]).length).toBeGreaterThanOrEqual(9);
    expect(new Set(watched)).toEqual(new Set(neighbours));
    expect(new Set(inTurn.slice(0, 10)).size).toBe(10);
  });

  it("reports the round-trip time of a direct ack, and only of that", () => {
    machine.packet(alive("b", 1, 2));
    machine.happened();
    machine.run(1000);
    const [ping] = pings();
    expect(ping?.message.source).toEqual({ address: address(1), port: 7946, node: "self" });
    machine.now = 1000.25;
    machine.packet(ack(ping!.message.sequence));
    machine.packet(ack(ping!.message.sequence));
    expect(machine.happened()).toEqual(["rtt b 0.25"]);
  });

  it("takes a late ack as a reply, but not its time as a round trip", () => {
    machine.packet(alive("b", 1, 2));
    machine.happened();
    machine.run(1000);
    const [ping] = pings();
    machine.run(1499);
    // The ack is handled before the timer of the timeout, which is late, too.
    machine.now = 1580;
    machine.packet(ack(ping!.message.sequence));
    machine.run(2001);
    expect([machine.status("b"), machine.happened()]).toEqual(["alive@1", []]);
  });

  it("takes an ack that may have come through a helper as a reply, but not its time as a round trip", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    machine.happened();
    machine.run(1000);
    const [ping] = pings();
    machine.swim.sendFailed(1000, { host: ping!.to, port: 7946 }, "no route");
    machine.now = 1100;
    machine.packet(ack(ping!.message.sequence));
    machine.run(2001);
    expect([machine.status(ping!.message.node), machine.happened()]).toEqual(["alive@1", []]);
  });

  it("uses helpers after the timeout and tries TCP, with the same sequence number", () => {
    for (const [index, name] of ["b", "c", "d", "e", "f"].entries())
      machine.packet(alive(name, 1, index + 2));
    machine.run(1000);
    const [ping] = pings();
    const effects = machine.run(1500);
    const helpers = machine.sent().filter(({ message }) => message.type === "indirectPing");
    expect(helpers).toHaveLength(3);
    for (const { to, message } of helpers) {
      expect(to).not.toBe(ping!.to);
      expect(message).toMatchObject({
        sequence: ping!.message.sequence,
        node: ping!.message.node,
        nack: true,
      });
    }
    expect(effects).toContainEqual(
      expect.objectContaining({ kind: "dial", to: { host: ping!.to, port: 7946 } }),
    );
    machine.packet(ack(ping!.message.sequence));
    machine.run(2000);
    expect(machine.status(ping!.message.node)).toBe("alive@1");
  });

  it("suspects a member without an ack, and counts missing nacks against its own health", () => {
    for (const [index, name] of ["b", "c", "d", "e", "f"].entries())
      machine.packet(alive(name, 1, index + 2));
    machine.run(1000);
    const { node, sequence } = pings()[0]!.message;
    machine.run(1500);
    machine.packet({ type: "nack", sequence });
    machine.run(2000);
    expect(machine.status(node)).toBe("suspect@1");
    expect(machine.swim.healthScore).toBe(2);
    expect(machine.logs).toContain(`INFO Suspect ${node} has failed, no acks received`);
  });

  it("stays healthy if all helpers report that they got no ack either", () => {
    for (const [index, name] of ["b", "c", "d", "e", "f"].entries())
      machine.packet(alive(name, 1, index + 2));
    machine.run(1000);
    const { sequence } = pings()[0]!.message;
    machine.run(1500);
    for (let helper = 0; helper < 3; helper++) machine.packet({ type: "nack", sequence });
    machine.run(2000);
    expect(machine.swim.healthScore).toBe(0);
  });

  it("sends a suspect the suspicion together with the probe", () => {
    machine.packet(alive("b", 1, 2));
    machine.packet({ type: "suspect", node: "b", incarnation: 1, from: "x" });
    machine.run(1000);
    expect(sentTypes().slice(-2)).toEqual(["ping 10.0.0.2", "suspect 10.0.0.2"]);
  });

  it.each([
    ["accepts an ack over TCP", 0, "alive@1", "WARN Was able to connect to b over TCP"],
    ["does not accept an ack for another ping over TCP", 1, "suspect@1", "ERR Failed fallback TCP ping"],
  ])("%s", (_what, offset, status, logged) => {
    machine.packet(alive("b", 1, 2));
    machine.run(1000);
    const { sequence } = pings()[0]!.message;
    const dial = machine
      .run(1500)
      .find((effect): effect is SwimEffect & { kind: "dial" } => effect.kind === "dial");
    machine.swim.stream(1500, dial!.id, { kind: "opened" });
    const written = machine.take().find((effect) => effect.kind === "write");
    expect(written).toBeDefined();
    machine.swim.stream(1600, dial!.id, {
      kind: "received",
      bytes: machine.codec.sealStream(machine.codec.encode(ack(sequence + offset)), {
        labelHeader: false,
        encrypt: false,
      }),
    });
    machine.run(2000);
    expect(machine.status("b")).toBe(status);
    expect(machine.logs.some((line) => line.startsWith(logged))).toBe(true);
  });

  it.each([
    ["says why an answer over TCP failed", true, ["ERR Failed fallback TCP ping: no"]],
    ["does not say that a dead member could not be dialled", false, []],
  ])("%s", (_name, opens, lines) => {
    machine.packet(alive("b", 1, 2));
    machine.run(1000);
    const dial = machine
      .run(1500)
      .find((effect): effect is SwimEffect & { kind: "dial" } => effect.kind === "dial");
    if (opens) machine.swim.stream(1500, dial!.id, { kind: "opened" });
    machine.swim.stream(1600, dial!.id, { kind: "failed", code: "ECONNRESET", reason: "no" });
    machine.run(2000);
    expect(machine.status("b")).toBe("suspect@1");
    expect(machine.logs.filter((line) => line.includes("fallback"))).toEqual(lines);
  });

  it("does not send peers with old protocols what they cannot read", () => {
    const old = new Uint8Array([1, 2, 2, 2, 5, 5]);
    machine.packet(alive("b", 1, 2, { versions: old }), alive("c", 1, 3, { versions: old }));
    machine.run(1000);
    const effects = machine.run(1500);
    expect(effects.some((effect) => effect.kind === "dial")).toBe(false);
    const request = machine.sent().find(({ message }) => message.type === "indirectPing");
    expect(request?.message).toMatchObject({ nack: false });
    machine.run(2000);
    expect(machine.swim.healthScore).toBe(1);
  });

  it("probes longer while unhealthy, and overlapping ticks collapse into one", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    machine.packet({ type: "suspect", node: "self", incarnation: 1, from: "b" });
    expect(machine.swim.healthScore).toBe(1);
    machine.run(2999);
    expect(["suspect@1"]).not.toContain(machine.status("b"));
    expect(["suspect@1"]).not.toContain(machine.status("c"));
    machine.run(3000);
    expect([machine.status("b"), machine.status("c")].sort()).toEqual(["alive@1", "suspect@1"]);
    expect(pings()).toHaveLength(1);
  });

  it("repeats a probe that was under way while this node itself stood still", () => {
    for (const [index, name] of ["b", "c", "d", "e", "f"].entries())
      machine.packet(alive(name, 1, index + 2));
    machine.run(1000);
    const [ping] = pings();
    machine.swim.tick(20_000);
    machine.take();
    expect(pings().map(({ message }) => message.node)).toEqual([ping!.message.node]);
    expect(machine.status(ping!.message.node)).toBe("alive@1");
  });

  it("uses helpers at once if its own packet cannot be sent", () => {
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    machine.run(1000);
    const [ping] = pings();
    machine.swim.sendFailed(1000, { host: ping!.to, port: 7946 }, "network is unreachable");
    machine.take();
    expect(sentTypes().some((sent) => sent.startsWith("indirectPing"))).toBe(true);
    machine.run(2000);
    expect(machine.status(ping!.message.node)).toBe("suspect@1");
  });
});

describe("the time that a direct ack may take", () => {
  const direct = (sequence: number): Ack => ({ type: "ack", sequence, payload: new Uint8Array([1]) });
  /** Runs until the next ping, acknowledges it after `ms`, and returns when helpers are asked about the one after. */
  function timeoutAfter(times: readonly number[], subject = new Machine(), reply = direct): number {
    machine = subject;
    machine.packet(alive("b", 1, 2), alive("c", 1, 3));
    machine.packet({ type: "dead", node: "c", incarnation: 1, from: "c" });
    const probe = (): Ping => {
      for (;;) {
        machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
        machine.take();
        const [ping] = pings();
        if (ping?.message.node === "b") return ping.message;
      }
    };
    for (const ms of times) {
      const { sequence } = probe();
      machine.run(machine.now + ms);
      machine.packet(reply(sequence));
    }
    probe();
    const begun = machine.now;
    const isLate = (): boolean => machine.logs.some((line) => line.includes("timeout reached"));
    machine.logs.length = 0;
    while (!isLate()) {
      machine.swim.tick((machine.now = machine.swim.deadline(machine.now)));
      machine.take();
    }
    return machine.now - begun;
  }
  const often = (ms: number): number[] => Array.from({ length: 20 }, () => ms);

  it("is the setting for a peer that has not answered", () => {
    expect(timeoutAfter([])).toBe(500);
  });

  it("is half of the setting for a peer that is near", () => {
    expect(timeoutAfter(often(1))).toBe(250);
  });

  it("is the mean, four deviations and a quarter of the setting", () => {
    // The first deviation is half of the time, each later one three quarters of that before.
    expect(timeoutAfter([100])).toBe(100 + 4 * 50 + 125);
    expect(timeoutAfter([100, 100])).toBe(100 + 4 * 37.5 + 125);
    expect(timeoutAfter(often(200))).toBeLessThan(330);
  });

  it("leaves two fifths of the round to helpers, also for a peer that answers late", () => {
    expect(timeoutAfter(often(700))).toBe(600);
  });

  it("is four settings at most", () => {
    expect(timeoutAfter(often(700), new Machine({ probeTimeoutMs: 100 }))).toBe(400);
  });

  it("does not depend on acks that come through helpers", () => {
    expect(timeoutAfter(often(520), new Machine(), ack)).toBe(500);
  });

  it("begins anew at another address", () => {
    const subject = new Machine();
    timeoutAfter(often(1), subject);
    subject.packet({ type: "dead", node: "b", incarnation: 1, from: "b" });
    subject.packet(alive("b", 2, 4));
    machine = subject;
    subject.run(subject.now + 3_000);
    subject.logs.length = 0;
    for (;;) {
      subject.swim.tick((subject.now = subject.swim.deadline(subject.now)));
      subject.take();
      if (pings().some(({ to }) => to === "10.0.0.4")) break;
    }
    const begun = subject.now;
    subject.run(begun + 499);
    expect(subject.logs.filter((line) => line.includes("timeout reached"))).toEqual([]);
  });

  it("is the setting if the rule is off", () => {
    const rules = { ...allRules, adaptiveTimeouts: false };
    expect(timeoutAfter(often(1), new Machine({ rules }))).toBe(500);
  });
});

describe("helpers", () => {
  it("are first those who watch the target, and one by chance", () => {
    for (let last = 2; last <= 20; last++) machine.packet(alive(`m${last}`, 1, last));
    const ring = ["self", ...Array.from({ length: 19 }, (_, index) => `m${index + 2}`)].sort(
      (a, b) => nameHash(a) - nameHash(b),
    );
    machine.run(1000);
    const [ping] = pings();
    machine.run(1500);
    const place = ring.indexOf(ping!.message.node);
    const watchers = [ring.at(place - 1)!, ring[(place + 1) % ring.length]!].filter(
      (name) => name !== "self",
    );
    const helpers = machine.sent().filter(({ message }) => message.type === "indirectPing");
    expect(helpers).toHaveLength(3);
    const hosts = helpers.map(({ to }) => to);
    expect(new Set(hosts).size).toBe(3);
    for (const name of watchers) expect(hosts).toContain(`10.0.0.${name.slice(1)}`);
  });
});

describe("the responder", () => {
  it("acks a ping to the address in the ping, or to its source", () => {
    const ping: Ping = { type: "ping", sequence: 5, node: "self", source: none };
    machine.packetFrom(from(7), ping);
    expect(sentTypes()).toContain("ack 10.0.0.7");
    machine.packetFrom(from(7), { ...ping, source: { address: address(8), port: 7946, node: "h" } });
    expect(sentTypes()).toContain("ack 10.0.0.8");
  });

  it("ignores a ping for another name, and acks one without a name", () => {
    machine.packetFrom(from(7), { type: "ping", sequence: 5, node: "other", source: none });
    expect(sentTypes()).toEqual([]);
    machine.packetFrom(from(7), { type: "ping", sequence: 5, node: "", source: none });
    expect(sentTypes()).toEqual(["ack 10.0.0.7", "alive 10.0.0.7"]);
  });

  it("adds that it left to the acks of a node that left and runs on", () => {
    machine.packet(alive("b", 1, 2));
    machine.swim.leave(machine.now, () => undefined);
    machine.run(10_000);
    const ping = { type: "ping", sequence: 5, node: "self" } as const;
    machine.packetFrom(from(2), { ...ping, source: { address: new Uint8Array(), port: 0, node: "" } });
    expect(machine.sent().map(({ message }) => message)).toEqual([
      { type: "ack", sequence: 5, payload: new Uint8Array([7]) },
      { type: "dead", incarnation: 1, node: "self", from: "self" },
    ]);
  });

  it.each([
    ["left", "b"],
    ["failed", "c"],
  ])("adds to its ack that the one who pings has %s, so that it can refute", (_status, accuser) => {
    machine = new Machine({ probeIntervalMs: 1e9, pushPullIntervalMs: 0 });
    machine.packet(alive("b", 3, 2), alive("c", 1, 3));
    machine.packet({ type: "dead", node: "b", incarnation: 3, from: accuser });
    machine.run(10_000);
    const ping = { type: "ping", sequence: 5, node: "self" } as const;
    const pinged = (last: number, node: string): unknown[] => {
      machine.packetFrom(from(9), { ...ping, source: { address: address(last), port: 7946, node } });
      return machine.sent().map(({ to, message }) => ({ to, type: message.type, message }));
    };
    const about = accuser === "b" ? "b" : "self";
    expect(pinged(2, "b")).toMatchObject([
      { to: "10.0.0.2", type: "ack" },
      { to: "10.0.0.2", type: "dead", message: { node: "b", incarnation: 3, from: about } },
    ]);
    // Not to others. Somebody else who has the name may be the member, if that has left.
    expect(pinged(3, "c")).toMatchObject([{ to: "10.0.0.3", type: "ack" }]);
    expect(pinged(8, "b").slice(1)).toMatchObject(
      accuser === "b" ? [{ to: "10.0.0.8", type: "dead", message: { node: "b", incarnation: 3 } }] : [],
    );
  });

  it("acks a ping before this node has started", () => {
    const subject = new Machine({}, 1, undefined, false);
    const source = { address: new Uint8Array(), port: 0, node: "" };
    subject.packetFrom(from(2), { type: "ping", sequence: 5, node: "self", source });
    expect(subject.sent().map(({ message }) => message.type)).toEqual(["ack"]);
  });

  it("relays a probe, and forwards the ack with the asker's sequence number", () => {
    machine.packetFrom(from(7), {
      type: "indirectPing",
      sequence: 77,
      target: address(3),
      port: 7000,
      node: "c",
      nack: true,
      source: none,
    });
    const [relayed] = pings();
    expect(relayed).toMatchObject({ to: "10.0.0.3", message: { node: "c" } });
    machine.packet({ type: "ack", sequence: relayed!.message.sequence, payload: new Uint8Array([1]) });
    expect(machine.sent()[0]).toMatchObject({
      to: "10.0.0.7",
      message: { type: "ack", sequence: 77, payload: null },
    });
    machine.run(900);
    expect(sentTypes().filter((sent) => sent.startsWith("nack"))).toEqual([]);
  });

  it("sends a nack if the target does not ack, if one was requested", () => {
    for (const nack of [true, false]) {
      machine = new Machine();
      machine.packetFrom(from(7), {
        type: "indirectPing",
        sequence: 77,
        target: address(3),
        port: 7946,
        node: "c",
        nack,
        source: none,
      });
      machine.run(900);
      expect(sentTypes().filter((sent) => sent.startsWith("nack"))).toEqual(nack ? ["nack 10.0.0.7"] : []);
    }
  });

  it("says nothing about a target for which it had no time to wait, because it stood still", () => {
    machine.packetFrom(from(7), {
      type: "indirectPing",
      sequence: 77,
      target: address(3),
      port: 7946,
      node: "c",
      nack: true,
      source: none,
    });
    machine.swim.tick(20_000);
    machine.take();
    expect(sentTypes().filter((sent) => sent.startsWith("nack"))).toEqual([]);
  });

  it("runs a bounded number of probes for others", () => {
    for (let sequence = 1; sequence <= 1100; sequence++) {
      machine.packetFrom(from(7), {
        type: "indirectPing",
        sequence,
        target: address(3),
        port: 7946,
        node: "c",
        nack: true,
        source: none,
      });
    }
    machine.run(900);
    expect(sentTypes().filter((sent) => sent.startsWith("nack"))).toHaveLength(1024);
  });
});

describe("gossip", () => {
  it("goes to recently dead members, so that they can refute, but not to those who left", () => {
    machine.packet(alive("b", 1, 2, { versions }), alive("c", 1, 3));
    machine.packet({ type: "dead", node: "b", incarnation: 1, from: "x" });
    machine.packet({ type: "dead", node: "c", incarnation: 1, from: "c" });
    machine.run(900);
    expect(new Set(machine.sent().map(({ to }) => to))).toEqual(new Set(["10.0.0.2"]));
    machine.run(31_000);
    machine.packet(alive("d", 1, 4));
    machine.run(31_800);
    expect(new Set(machine.sent().map(({ to }) => to))).toEqual(new Set(["10.0.0.4"]));
  });
});
