/** Messages that are handed over as they are: held against the real codec, and never a way around it. */

import { describe, expect, it } from "vitest";
import { StructuralCodec } from "../../../../runtimes/sim/cores/structural/codec.ts";
import { structuralSerfCodec } from "../../../../runtimes/sim/cores/structural/payloads.ts";
import { CoreWorld, type StructuralOptions } from "../../../../runtimes/sim/mod.ts";
import { Random } from "../../../../src/core/random.ts";
import { encodeUserEvent } from "../../../../src/core/serf/wire/encoding.ts";
import { Codec } from "../../../../src/core/wire/codec.ts";
import type { Alive, PacketMessage } from "../../../../src/core/wire/messages.ts";

const real = new Codec({
  label: "",
  compression: false,
  encryptionVersion: 1,
  random: new Random((bytes) => bytes.fill(1)),
});
const create = (options: Partial<StructuralOptions> = {}): StructuralCodec =>
  new StructuralCodec(real, { compareEvery: 1, guarded: false, ...options });

const alive: Alive = {
  type: "alive",
  incarnation: 3,
  node: "n1",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: Uint8Array.of(1, 2),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 4),
};

const sealing = { crc: true, encrypt: false } as const;
const opening = { verifyIncoming: true } as const;

function send(codec: StructuralCodec, ...messages: readonly PacketMessage[]): Uint8Array {
  return codec.seal(
    messages.map((message) => codec.encode(message)),
    sealing,
  );
}

describe("messages that are handed over as they are", () => {
  it("are shared: what is repeated is the same message", () => {
    const codec = create();
    const { messages } = codec.open(send(codec, alive), opening);
    expect(messages[0]).toMatchObject(alive);
    expect(codec.encode(messages[0]!)).toBe(messages[0]);
  });

  it("are compared with what the real codec makes of them, one in so many", () => {
    const codec = create({ compareEvery: 3 });
    for (let count = 0; count < 7; count += 1) codec.open(send(codec, alive), opening);
    expect(codec.compared).toBe(2);
  });

  it("throw if they have another size as bytes", () => {
    const codec = create();
    const part = { ...alive, length: codec.encode(alive).length + 1 };
    const packet = codec.seal([part as unknown as Uint8Array], sealing);
    expect(() => codec.open(packet, opening)).toThrow("not");
  });

  it("throw if they are other messages as bytes", () => {
    const codec = create();
    const packet = send(codec, { ...alive, port: 7946.5 });
    expect(() => codec.open(packet, opening)).toThrow("A message is another one as bytes: alive");
  });

  it("throw if a receiver changed them, when they are guarded", () => {
    const codec = create({ guarded: true });
    const meta = Uint8Array.of(1, 2);
    const packet = send(codec, { ...alive, meta });
    const [message] = codec.open(packet, opening).messages;
    expect(() => Object.assign(message!, { port: 1 })).toThrow(TypeError);
    meta[0] = 9;
    expect(() => codec.open(packet, opening)).toThrow("A message was changed on its way: alive");
  });

  it("mix with real bytes: strangers are read by the real codec, whose errors they get", () => {
    const codec = create();
    const bytes = real.seal([real.encode(alive)], sealing);
    expect(codec.open(bytes, opening).messages).toEqual([alive]);
    expect(() => codec.open(Uint8Array.of(12, 1, 2, 3, 4, 5), opening)).toThrow("checksum");
    const event = { type: "userEvent", lamportTime: 5n, name: "a", payload: null, coalesce: true } as const;
    expect(structuralSerfCodec.decodeMessage(encodeUserEvent(event))).toEqual(event);
    const reader = codec.reader({ accepting: true, verifyIncoming: true });
    const ping = {
      type: "ping",
      sequence: 1,
      node: "n1",
      source: { address: alive.address, port: 1, node: "x" },
    } as const;
    const frame = real.sealStream(real.encode(ping), { labelHeader: false, encrypt: false });
    expect(reader.push(frame.subarray(0, 5))).toBeUndefined();
    expect(reader.push(frame.subarray(5))).toEqual(ping);
  });

  it("do not fit a packet if their bytes would not", () => {
    const codec = create();
    const many = Array.from({ length: 128 }, () => alive);
    expect(() => send(codec, ...many)).toThrow("Cannot pack 128 messages");
  });
});

describe("a world of cores", () => {
  const world = (options: Partial<ConstructorParameters<typeof CoreWorld>[0]>): CoreWorld =>
    new CoreWorld({ seed: 1, size: 12, network: { latencyMs: [1, 5] }, ...options });

  const play = (played: CoreWorld): string => {
    for (const node of played.nodes) played.start(node);
    for (const node of played.nodes) if (node.index > 0) played.join(node, played.nodes[0]!);
    played.run(10_000);
    played.links.shape({ loss: 0.05, corruption: 0.1 });
    for (const node of played.nodes) {
      played.command(node, (core, now) =>
        core.userEvent(now, `event ${node.index}`, new Uint8Array(20), false),
      );
    }
    played.run(20_000);
    played.crash(played.nodes[3]!);
    played.leave(played.nodes[4]!);
    played.run(40_000);
    return played.history.hash;
  };

  it("has one history with real bytes and without them, also with corruption", () => {
    const options = { tags: { role: "web" }, compression: false };
    const plain = world({ path: "plain", options });
    const handed = world({ path: "structural", options, structural: { compareEvery: 1, guarded: true } });
    expect(play(handed)).toBe(play(plain));
    expect(handed.links.counts.corrupted).toBeGreaterThan(50);
    expect(handed.compared).toBeGreaterThan(1_000);
    expect(plain.compared).toBe(0);
  });

  it("says what its path needs", () => {
    expect(() => world({ path: "structural" })).toThrow("it needs compression: false, and no label");
    expect(() => world({ path: "sealed" })).toThrow("there is no key");
    const encryptKey = "cg8StVXbQJ0gPvMd9o7yrg==";
    expect(() => world({ path: "plain", options: { encryptKey } })).toThrow("there is a key");
  });
});
