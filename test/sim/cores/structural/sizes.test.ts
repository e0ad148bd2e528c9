/** The sizes of messages without their bytes: equal to what the real codecs write, for random messages. */

import { describe, expect, it } from "vitest";
import { StructuralCodec } from "../../../../runtimes/sim/cores/structural/codec.ts";
import { structuralSerfCodec } from "../../../../runtimes/sim/cores/structural/payloads.ts";
import { SeededRandom } from "../../../../runtimes/sim/random.ts";
import { finish } from "../../../../src/core/jobs.ts";
import { Random } from "../../../../src/core/random.ts";
import { msgpackCodec } from "../../../../src/core/serf/wire/serf_codec.ts";
import { Codec } from "../../../../src/core/wire/codec.ts";
import type { PacketMessage, StreamMessage } from "../../../../src/core/wire/messages.ts";

const random = new SeededRandom(7, "sizes");
const real = new Codec({
  label: "",
  compression: false,
  encryptionVersion: 1,
  random: new Random((bytes) => bytes.fill(1)),
});
const structural = new StructuralCodec(real, { compareEvery: 1, guarded: false });
const rounds = 400;

/** A length or number near one of the limits at which msgpack takes another form. */
function near(max: number): number {
  const limits = [0, 15, 31, 127, 255, 65_535, 0xffff_ffff].filter((limit) => limit <= max);
  const limit = limits[random.below(limits.length)]!;
  return Math.min(max, Math.max(0, limit + random.between(-2, 2)));
}

function bytes(max = 300): Uint8Array {
  const filled = new Uint8Array(near(max));
  random.fill(filled);
  return filled;
}

function text(max = 130): string {
  const letters = ["a", "-", "é", "日", "🦊"];
  return Array.from({ length: near(max) }, () => letters[random.below(random.below(4) === 0 ? 5 : 2)]).join(
    "",
  );
}

const optional = (value: Uint8Array): Uint8Array | null => (random.below(4) === 0 ? null : value);
const time = (): bigint =>
  random.below(4) === 0 ? 1n << BigInt(random.below(64)) : BigInt(near(0xffff_ffff));
const flag = (): boolean => random.below(2) === 0;
const list = <Item>(make: () => Item, max = 20): Item[] => Array.from({ length: near(max) }, make);

const source = () => ({ address: bytes(16), port: near(65_535), node: text() });
const announced = () => ({
  incarnation: near(0xffff_ffff),
  node: text(),
  address: bytes(16),
  port: near(65_535),
  meta: optional(bytes(512)),
  versions: bytes(8),
});

const packetMessages: Record<Exclude<PacketMessage["type"], "user">, () => PacketMessage> = {
  ping: () => ({ type: "ping", sequence: near(0xffff_ffff), node: text(), source: source() }),
  indirectPing: () => ({
    type: "indirectPing",
    sequence: near(0xffff_ffff),
    target: bytes(16),
    port: near(65_535),
    node: text(),
    nack: flag(),
    source: source(),
  }),
  ack: () => ({ type: "ack", sequence: near(0xffff_ffff), payload: optional(bytes()) }),
  nack: () => ({ type: "nack", sequence: near(0xffff_ffff) }),
  suspect: () => ({ type: "suspect", incarnation: near(0xffff_ffff), node: text(), from: text() }),
  dead: () => ({ type: "dead", incarnation: near(0xffff_ffff), node: text(), from: text() }),
  alive: () => ({ type: "alive", ...announced() }),
};

const streamMessages: Record<"error" | "pushPull", () => StreamMessage> = {
  error: () => ({ type: "error", text: text(300) }),
  pushPull: () => ({
    type: "pushPull",
    join: flag(),
    nodes: list(() => ({ ...announced(), state: random.below(5) })),
    userState: bytes(),
  }),
};

const state = () => ({
  lamportTime: time(),
  statusTimes: new Map(list(() => [text(), time()] as const)),
  leftMembers: list(() => text()),
  eventTime: time(),
  events: list(() => ({
    lamportTime: time(),
    events: [{ name: text(), payload: optional(bytes()) }, ...list(() => ({ name: text(), payload: null }))],
  })),
  queryTime: time(),
});

describe("the size of a message", () => {
  it.each(Object.entries({ ...packetMessages, ...streamMessages }))("is right for %s", (_type, make) => {
    for (let round = 0; round < rounds; round += 1) {
      const message = make();
      expect(structural.encode(message).length, JSON.stringify(message)).toBe(real.encode(message).length);
    }
  });

  it("is right for user messages, whose content may stand for bytes", () => {
    for (let round = 0; round < rounds; round += 1) {
      const payload = bytes();
      const length = structural.encode({ type: "user", payload }).length;
      expect(length).toBe(real.encode({ type: "user", payload }).length);
    }
  });

  it("is right for packets with and without a checksum", () => {
    for (let round = 0; round < rounds / 8; round += 1) {
      const messages = list(packetMessages.suspect, 15);
      if (messages.length === 0) continue;
      const options = { crc: flag(), encrypt: false };
      const sealed = structural.seal(
        messages.map((message) => structural.encode(message)),
        options,
      );
      const bytes = real.seal(
        messages.map((message) => real.encode(message)),
        options,
      );
      expect(sealed.length).toBe(bytes.length);
      expect(structural.bytesOf(sealed)).toEqual(bytes);
    }
  });

  it("is right for the messages of Serf", () => {
    for (let round = 0; round < rounds; round += 1) {
      const leave = { type: "leave", lamportTime: time(), node: text(), prune: flag() } as const;
      const join = { type: "join", lamportTime: time(), node: text() } as const;
      const name = text();
      const event = {
        type: "userEvent",
        lamportTime: time(),
        name,
        payload: optional(bytes()),
        coalesce: flag(),
      } as const;
      const vec = Array.from({ length: random.below(20) }, () => random.next());
      const coordinate = { vec, error: 1.5, adjustment: -0.25, height: 1e-5 };
      for (const intent of [leave, join]) {
        expect(structuralSerfCodec.encodeIntent(intent).length).toBe(
          msgpackCodec.encodeIntent(intent).length,
        );
      }
      expect(structuralSerfCodec.encodeUserEvent(event).length).toBe(
        msgpackCodec.encodeUserEvent(event).length,
      );
      expect(structuralSerfCodec.encodeCoordinate(coordinate).length).toBe(
        msgpackCodec.encodeCoordinate(coordinate).length,
      );
    }
  });

  it("is right for Serf's part of a push/pull", () => {
    for (let round = 0; round < rounds; round += 1) {
      const shared = state();
      expect(finish(structuralSerfCodec.encodePushPull(shared)).length).toBe(
        finish(msgpackCodec.encodePushPull(shared)).length,
      );
    }
  });
});
