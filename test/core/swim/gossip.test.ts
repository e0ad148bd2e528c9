import { describe, expect, it } from "vitest";
import { MessageType } from "../../../src/core/wire/abi.ts";
import type { Alive } from "../../../src/core/wire/messages.ts";
import { alive, Machine } from "./machine.ts";

/** A machine that does not probe and does not end suspicions, so that only gossip is sent. */
function machine(overrides: ConstructorParameters<typeof Machine>[0] = {}): Machine {
  return new Machine({ probeIntervalMs: 1e9, suspicionMult: 1e6, pushPullIntervalMs: 0, ...overrides });
}

const hosts = (subject: Machine): Set<string> =>
  new Set(subject.effects.flatMap((effect) => (effect.kind === "send" ? [effect.to.host] : [])));

describe("gossip", () => {
  it("goes to suspects too, which have to refute", () => {
    const subject = machine();
    subject.packet(alive("b", 1, 2), alive("c", 1, 3));
    subject.packet({ type: "suspect", node: "c", incarnation: 1, from: "b" });
    subject.run(3_000);
    expect(hosts(subject)).toEqual(new Set(["10.0.0.2", "10.0.0.3"]));
    expect(subject.sent().filter(({ to }) => to === "10.0.0.3")).toContainEqual(
      expect.objectContaining({ message: expect.objectContaining({ type: "suspect", node: "c" }) }),
    );
  });

  it("never goes to this node itself", () => {
    const subject = machine();
    for (let last = 2; last < 9; last++) subject.packet(alive(`n${last}`, 1, last));
    subject.run(5_000);
    expect(hosts(subject).has("10.0.0.1")).toBe(false);
    expect(hosts(subject).size).toBeGreaterThan(3);
  });
});

describe("the neighbours in the ring", () => {
  it("get four packets at once if there is so much to send, and the others one", () => {
    const subject = machine({ packetSizeMax: 200 });
    for (let last = 2; last < 60; last++) subject.packet(alive(`n${last}`, 1, last));
    const counts = new Map<string, number>();
    for (const effect of subject.run(200))
      if (effect.kind === "send") counts.set(effect.to.host, (counts.get(effect.to.host) ?? 0) + 1);
    expect([...counts.values()].sort()).toEqual([1, 1, 1, 4, 4]);
  });
});

describe("a packet when both layers have more than fits", () => {
  it("is filled by each of them in turn", () => {
    const subject = machine({ packetSizeMax: 600 });
    for (let last = 2; last < 60; last++) subject.packet(alive(`n${last}`, 1, last));
    subject.broadcastAbove(...Array.from({ length: 20 }, (_, index) => new Uint8Array(100).fill(index)));
    const kinds = subject.run(600).flatMap((effect) => {
      if (effect.kind !== "send") return [];
      const { messages } = subject.codec.open(effect.bytes, { verifyIncoming: true });
      const users = messages.filter(({ type }) => type === "user").length;
      return [users * 100 > 400 ? "above" : users === 0 && messages.length > 5 ? "own" : "mixed"];
    });
    expect(kinds.length).toBeGreaterThan(10);
    for (const [index, kind] of kinds.entries()) expect(kind).toBe(kinds[index % 2]);
    expect(new Set(kinds)).toEqual(new Set(["above", "own"]));
  });
});

/** The bytes of a checksum, for which no room is left, as in memberlist. */
const checksum = 5;

describe("a packet of gossip", () => {
  /** Queues more than fits a packet, and returns the sizes of the packets of gossip. */
  function sizes(subject: Machine): number[] {
    const many = Array.from(
      { length: 60 },
      (_, index): Alive => alive(`n${index}`, 1, index + 2, { meta: new Uint8Array(index % 23) }),
    );
    for (const message of many) subject.packet(message);
    return subject.run(2_000).flatMap((effect) => (effect.kind === "send" ? [effect.bytes.length] : []));
  }

  it.each([
    ["plain", 0],
    ["encrypted", 16],
  ])("%s stays within the maximum size and fills it", (_what, keySize) => {
    const subject = machine({ packetSizeMax: 1_000 });
    if (keySize > 0) subject.codec.setKeys([new Uint8Array(keySize)]);
    const all = sizes(subject);
    expect(Math.max(...all)).toBeLessThanOrEqual(1_000 + checksum);
    expect(Math.max(...all)).toBeGreaterThan(980);
  });

  it("has a checksum if its receiver knows protocol 5", () => {
    const subject = machine();
    subject.packet(alive("b", 1, 2), alive("c", 1, 3, { versions: new Uint8Array([1, 4, 2, 2, 5, 5]) }));
    const first = subject
      .run(200)
      .flatMap((effect) => (effect.kind === "send" ? [[effect.to.host, effect.bytes[0]]] : []));
    expect(new Map(first as [string, number][])).toEqual(
      new Map([
        ["10.0.0.2", MessageType.crc],
        ["10.0.0.3", MessageType.compound],
      ]),
    );
  });

  it("with a label stays within the maximum size", () => {
    const subject = machine({ packetSizeMax: 1_000, labelLength: 200 });
    // The codec of this machine has no label: what is left free is the room for its header.
    expect(Math.max(...sizes(subject))).toBeLessThanOrEqual(798 + checksum);
  });

  it("leaves room for encryption in front of a message of its own, too", () => {
    const subject = machine({ packetSizeMax: 1_000 });
    subject.codec.setKeys([new Uint8Array(16)]);
    for (let index = 0; index < 60; index++) {
      subject.packet(alive(`n${index}`, 1, index + 2, { meta: new Uint8Array(index % 23) }));
    }
    subject.packetFrom(
      { host: "10.0.0.2", port: 7946 },
      {
        type: "ping",
        sequence: 1,
        node: "self",
        source: { address: new Uint8Array(), port: 0, node: "" },
      },
    );
    const [ack] = subject.effects.flatMap((effect) => (effect.kind === "send" ? [effect.bytes.length] : []));
    expect(ack).toBeLessThanOrEqual(1_000);
    expect(ack).toBeGreaterThan(980);
  });
});
