/**
 * A membership layer under test: a fake application that records its calls, a clock that the test
 * sets, and effects in decoded form.
 */

import { vi } from "vitest";
import type { SwimEffect } from "../../../src/core/effects.ts";
import { Outbox } from "../../../src/core/effects.ts";
import type { Job } from "../../../src/core/jobs.ts";
import type { Meter } from "../../../src/core/metrics.ts";
import { Random } from "../../../src/core/random.ts";
import type { Application } from "../../../src/core/swim/application.ts";
import { allRules, profiles, type SwimConfig } from "../../../src/core/swim/config.ts";
import { Swim } from "../../../src/core/swim/swim.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import type { Alive, NodeState, PacketMessage } from "../../../src/core/wire/messages.ts";
import type { Address } from "../../../src/runtime.ts";

export const versions: Uint8Array = new Uint8Array([1, 5, 2, 2, 5, 5]);

/** A seeded source that is good enough to shuffle and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return new Random((bytes) => {
    for (let index = 0; index < bytes.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[index] = state >>> 24;
    }
  });
}

export function address(last: number): Uint8Array {
  return new Uint8Array([10, 0, 0, last]);
}

export function alive(
  node: string,
  incarnation: number,
  last: number,
  overrides: Partial<Alive> = {},
): Alive {
  const meta = new Uint8Array([last]);
  return {
    type: "alive",
    node,
    incarnation,
    address: address(last),
    port: 7946,
    meta,
    versions,
    ...overrides,
  };
}

export function state(node: string, incarnation: number, last: number, code: number): NodeState {
  return {
    node,
    incarnation,
    address: address(last),
    port: 7946,
    meta: new Uint8Array([last]),
    versions,
    state: code,
  };
}

/**
 * Options of a node named `self` at 10.0.0.1 with LAN timings, whose gossip keeps to its intervals, and
 * its probes to the round.
 */
export function swimConfig(overrides: Partial<SwimConfig> = {}): SwimConfig {
  return {
    ...profiles.lan,
    rules: { ...allRules, eager: false, probeNeighbours: false },
    name: "self",
    address: address(1),
    port: 7946,
    bindPort: 7946,
    protocol: 2,
    delegate: { min: 2, max: 5, current: 5 },
    labelLength: 0,
    allowedBlocks: [],
    verifyIncoming: true,
    verifyOutgoing: true,
    ...overrides,
  };
}

/** A job that is done in one slice. */
// biome-ignore lint/correctness/useYield: a job need not yield.
function* oneSlice<Result>(work: () => Result): Job<Result> {
  return work();
}

/** One machine and its surroundings. */
export class Machine {
  readonly events: string[] = [];
  readonly logs: string[] = [];
  readonly codec: Codec;
  readonly swim: Swim;
  readonly outbox: Outbox<SwimEffect>;
  /** What the layer above wants to broadcast in every packet, as far as it fits. */
  readonly #above: Uint8Array[] = [];
  now = 0;
  effects: SwimEffect[] = [];
  admission: string | undefined;
  mergeAdmission: string | undefined;

  constructor(overrides: Partial<SwimConfig> = {}, seed = 1, meter?: Meter, starts = true) {
    this.outbox = new Outbox(meter);
    const random = seeded(seed);
    this.codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
    const application: Application = {
      meta: () => new Uint8Array([0]),
      messages: (_now, _from, payloads) => {
        for (const payload of payloads) this.events.push(`message ${payload.join(",")}`);
      },
      broadcasts: (overhead, limit) => this.#fitting(overhead, limit),
      forgive: () => undefined,
      localState: () => oneSlice(() => new Uint8Array([9])),
      mergeRemoteState: (_turn, bytes, { join }) =>
        oneSlice(() => void this.events.push(`state ${bytes.join(",")} ${join}`)),
      adopted: (rows, identity) => this.events.push(...rows.map((row) => `adopted ${identity(row).name}`)),
      joined: (_now, node) => this.events.push(`joined ${node.name}`),
      left: (_now, node) => this.events.push(`left ${node.name}`),
      updated: (_now, node) => this.events.push(`updated ${node.name}`),
      conflict: (_now, existing) => this.events.push(`conflict ${existing.name}`),
      ackPayload: () => new Uint8Array([7]),
      pingCompleted: (_now, node, roundTripMs) => this.events.push(`rtt ${node.name} ${roundTripMs}`),
      admitAlive: () => this.admission,
      admitMerge: () => oneSlice(() => this.mergeAdmission),
    };
    this.swim = new Swim({
      config: swimConfig(overrides),
      random,
      codec: this.codec,
      outbox: this.outbox,
      application,
    });
    if (!starts) return;
    // Without a random phase tests know when the loops tick.
    const phase = vi.spyOn(random, "below").mockReturnValue(0);
    this.swim.start(0);
    phase.mockRestore();
    this.take();
  }

  /** Drains the outbox into `effects` and `logs`. */
  take(): SwimEffect[] {
    this.swim.hasten(this.now);
    this.effects = this.outbox.drain();
    for (const effect of this.effects) {
      if (effect.kind === "log") this.logs.push(`${effect.level} ${effect.text}`);
    }
    return this.effects;
  }

  /** Feeds messages as one packet. */
  packet(...messages: PacketMessage[]): this {
    return this.packetFrom({ host: "10.0.0.99", port: 7946 }, ...messages);
  }

  packetFrom(from: Address, ...messages: PacketMessage[]): this {
    const parts = messages.map((message) => this.codec.encode(message));
    this.swim.packet(this.now, from, this.codec.seal(parts, { crc: false, encrypt: this.codec.encrypted }));
    this.take();
    return this;
  }

  /** Runs every deadline up to `until`, collecting all effects. */
  run(until: number): SwimEffect[] {
    const all: SwimEffect[] = [];
    while (this.swim.deadline(this.now) <= until) {
      this.now = this.swim.deadline(this.now);
      this.swim.tick(this.now);
      all.push(...this.take());
    }
    this.now = until;
    this.effects = all;
    return all;
  }

  /** Messages of the datagrams in `effects`, with where they went. */
  sent(): { to: string; message: PacketMessage }[] {
    return this.effects.flatMap((effect) => {
      if (effect.kind !== "send") return [];
      const { messages } = this.codec.open(effect.bytes, { verifyIncoming: true });
      return messages.map((message) => ({ to: effect.to.host, message }));
    });
  }

  /** The machine's entry for a node. */
  status(node: string): string {
    const record = this.swim.find(node);
    return record === undefined ? "unknown" : `${record.status}@${record.incarnation}`;
  }

  /** Gives the layer above something to broadcast. */
  broadcastAbove(...messages: readonly Uint8Array[]): void {
    this.#above.push(...messages);
    this.swim.tally.entries += messages.length;
  }

  #fitting(overhead: number, limit: number): Uint8Array[] {
    let free = limit;
    return this.#above.filter(({ length }) => {
      if (length + overhead > free) return false;
      free -= length + overhead;
      return true;
    });
  }

  /** Takes the events so far. */
  happened(): string[] {
    return this.events.splice(0);
  }
}
