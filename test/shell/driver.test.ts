/** The loop around a core: what leaves when, if several inputs come together. */
import { randomFillSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/core/random.ts";
import { serfDefaults } from "../../src/core/serf/config.ts";
import type { SerfEffect } from "../../src/core/serf/effects.ts";
import { SerfCore } from "../../src/core/serf/serf_core.ts";
import { encodeUserEvent } from "../../src/core/serf/wire/encoding.ts";
import { msgpackCodec } from "../../src/core/serf/wire/serf_codec.ts";
import { allRules } from "../../src/core/swim/config.ts";
import { OwnIdentities } from "../../src/core/swim/identity.ts";
import type { Standing } from "../../src/core/swim/members.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Clock } from "../../src/runtime.ts";
import { Driver } from "../../src/shell/driver.ts";
import { swimConfig } from "../core/swim/machine.ts";

const otherCount = 8;
const sender = { host: "10.0.0.2", port: 7946 };
const random = new Random((pool) => randomFillSync(pool));

/** A driver of a node that knows eight others, with what it carried out. */
class Driven {
  readonly effects: SerfEffect[] = [];
  readonly due: (() => void)[] = [];
  readonly codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
  readonly core: SerfCore;
  readonly driver: Driver;

  constructor(together: boolean) {
    const swim = swimConfig({ rules: allRules });
    const { codec } = this;
    this.core = new SerfCore({ config: { ...serfDefaults, name: "self", tags: {} }, swim, random, codec });
    this.core.start(0);
    this.core.adopt(0, others());
    while (this.core.drain().length > 0);
    const clock: Clock = {
      now: () => 1,
      wallTime: () => 1,
      after: () => () => undefined,
      ...(together && { soon: (callback) => this.due.push(callback) }),
    };
    this.driver = new Driver(this.core, clock, (effect) => this.effects.push(effect));
  }

  send(name: string): void {
    this.driver.turn((core, now) => core.userEvent(now, name, new Uint8Array(3), false));
  }

  /** An event of another member arrives. */
  receive(name: string, lamportTime: bigint, host = sender.host): void {
    const payload = encodeUserEvent({ type: "userEvent", lamportTime, name, payload: null, coalesce: false });
    const bytes = this.codec.seal([this.codec.encode({ type: "user", payload })], {
      crc: false,
      encrypt: false,
    });
    this.driver.turn((core, now) => core.packet(now, { ...sender, host }, bytes));
  }

  /** Ends the turn of the event loop. */
  endTurn(): void {
    for (const run of this.due.splice(0)) run();
  }

  /** Takes the names of the user events in every packet, by receiver. */
  packets(): Map<string, string[]> {
    const packets = new Map<string, string[]>();
    for (const effect of this.effects.splice(0)) {
      if (effect.kind !== "send") continue;
      const names: string[] = [];
      for (const message of this.codec.open(effect.bytes, { verifyIncoming: true }).messages) {
        if (message.type !== "user") continue;
        const decoded = msgpackCodec.decodeMessage(message.payload);
        if (decoded?.type === "userEvent") names.push(decoded.name);
      }
      expect(packets.has(effect.to.host), `a second packet to ${effect.to.host}`).toBe(false);
      packets.set(effect.to.host, names.sort());
    }
    return packets;
  }
}

function others(): Standing[] {
  const identities = new OwnIdentities();
  return Array.from({ length: otherCount }, (_, index) => ({
    identity: identities.of(
      {
        type: "alive",
        incarnation: 1,
        node: `node-${index}`,
        address: new Uint8Array([10, 0, 0, index + 2]),
        port: 7946,
        meta: new Uint8Array([255, 0x80]),
        versions: new Uint8Array([1, 5, 2, 2, 5, 5]),
      },
      undefined,
    ),
    incarnation: 1,
  }));
}

describe("if the clock tells when the inputs that came together are through", () => {
  test("an event is delivered here at once, and leaves at the end of the turn", () => {
    const driven = new Driven(true);
    driven.send("deploy");
    expect(driven.effects.some(({ kind }) => kind === "emit")).toBe(true);
    expect(driven.packets().size).toBe(0);
    driven.endTurn();
    expect([...driven.packets().values()]).toEqual(Array(otherCount).fill(["deploy"]));
  });

  test("events of one turn share packets", () => {
    const driven = new Driven(true);
    driven.send("one");
    driven.send("two");
    expect(driven.due).toHaveLength(1);
    driven.endTurn();
    expect([...driven.packets().values()]).toEqual(Array(otherCount).fill(["one", "two"]));
  });

  test("an own event goes to all others, even if packets came with it and after it", () => {
    const driven = new Driven(true);
    driven.send("own");
    driven.receive("other", 9n);
    driven.endTurn();
    expect([...driven.packets().keys()]).toHaveLength(otherCount);
  });

  test("what came from several members goes to any of them, too", () => {
    const back = new Set<string>();
    for (let trial = 0; trial < 200; trial++) {
      const driven = new Driven(true);
      driven.receive("one", 8n);
      driven.receive("two", 9n, "10.0.0.3");
      driven.endTurn();
      for (const host of driven.packets().keys()) back.add(host);
    }
    expect(back).toContain("10.0.0.2");
    expect(back).toContain("10.0.0.3");
  });

  test("what only came in packets goes to four others at most, but not to its sender if that is no neighbour", () => {
    const driven = new Driven(true);
    driven.receive("one", 8n);
    driven.receive("two", 9n);
    driven.endTurn();
    const packets = driven.packets();
    expect([...packets.values()]).toEqual(Array(4).fill(["one", "two"]));
    const neighbours = driven.core.nearest(2).map(({ host }) => host);
    if (!neighbours.includes(sender.host)) expect(packets.has(sender.host)).toBe(false);
  });

  test("a node that stops sends what it holds", () => {
    const driven = new Driven(true);
    driven.send("last");
    driven.driver.stop();
    expect(driven.packets().size).toBe(otherCount);
    driven.endTurn();
    expect(driven.effects).toEqual([]);
  });
});

test("without that, an event leaves as soon as it was sent", () => {
  const driven = new Driven(false);
  driven.send("deploy");
  expect([...driven.packets().values()]).toEqual(Array(otherCount).fill(["deploy"]));
});
