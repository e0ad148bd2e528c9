/** Messages and packets against bytes that Go wrote; one table drives encoding and decoding. */

import { describe, expect, test } from "vitest";
import { Codec } from "../../../src/core/wire/codec.ts";
import { Limits } from "../../../src/core/wire/limits.ts";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import { encryption, messages, packet } from "../../golden/wire/vectors.ts";
import { bytes, codec, concat, fixedRandom, hex, utf8, vectorKey, vectorNonce } from "./support.ts";

const none = { address: new Uint8Array(0), port: 0, node: "" };
const source = { address: bytes("7f000001"), port: 7946, node: "a" };
const versions = bytes("010502020505");
const olderVersions = bytes("010502020504");
const loopback = bytes("7f000001");

const table: Record<keyof typeof messages, PacketMessage> = {
  ping: { type: "ping", sequence: 1, node: "b", source },
  pingIpv6: {
    type: "ping",
    sequence: 300,
    node: "b",
    source: { ...source, address: bytes("00000000000000000000000000000001") },
  },
  pingWithoutSource: { type: "ping", sequence: 1, node: "b", source: none },
  pingZero: { type: "ping", sequence: 0, node: "", source: none },
  indirectPing: {
    type: "indirectPing",
    sequence: 2,
    target: loopback,
    port: 7947,
    node: "b",
    nack: true,
    source,
  },
  indirectPingWithoutSource: {
    type: "indirectPing",
    sequence: 2,
    target: loopback,
    port: 7947,
    node: "b",
    nack: false,
    source: none,
  },
  ackNil: { type: "ack", sequence: 1, payload: null },
  ackEmpty: { type: "ack", sequence: 1, payload: new Uint8Array(0) },
  ackPayload: { type: "ack", sequence: 1, payload: bytes("010203") },
  ackLong: { type: "ack", sequence: 1, payload: new Uint8Array(40).fill(0x55) },
  suspect: { type: "suspect", incarnation: 3, node: "b", from: "a" },
  dead: { type: "dead", incarnation: 3, node: "b", from: "b" },
  alive: {
    type: "alive",
    incarnation: 1,
    node: "b",
    address: loopback,
    port: 7946,
    meta: utf8("m"),
    versions,
  },
  aliveNilMeta: {
    type: "alive",
    incarnation: 1,
    node: "b",
    address: loopback,
    port: 7946,
    meta: null,
    versions: olderVersions,
  },
  aliveEmptyMeta: {
    type: "alive",
    incarnation: 70000,
    node: "b",
    address: loopback,
    port: 7946,
    meta: new Uint8Array(0),
    versions: olderVersions,
  },
  nack127: { type: "nack", sequence: 127 },
  nack128: { type: "nack", sequence: 128 },
  nack256: { type: "nack", sequence: 256 },
  nack65536: { type: "nack", sequence: 65536 },
};

const strict = { verifyIncoming: true };

describe("every message", () => {
  for (const [name, message] of Object.entries(table)) {
    const golden = messages[name as keyof typeof messages];
    test(`${name} is encoded as Go encodes it`, () => {
      expect(hex(codec().encode(message))).toBe(golden);
    });
    test(`${name} is decoded from what Go sends`, () => {
      expect(codec().open(bytes(golden), strict)).toEqual({ messages: [message], faults: [] });
    });
    test(`${name} is the same with bytes after it`, () => {
      expect(codec().open(concat(bytes(golden), [0xc1, 0xff]), strict).messages).toEqual([message]);
    });
    test(`${name} cut short is one fault, wherever the cut is`, () => {
      const whole = bytes(golden);
      const opened = codec();
      for (let length = 1; length < whole.length; length++) {
        const { messages: found, faults } = opened.open(whole.subarray(0, length), strict);
        expect(found).toEqual([]);
        expect(faults).toHaveLength(1);
      }
    });
  }
});

describe("a packet", () => {
  const suspectC: PacketMessage = { type: "suspect", incarnation: 3, node: "c", from: "a" };
  const user = (text: string): PacketMessage => ({ type: "user", payload: utf8(text) });

  test("of one message is bare, of several a compound as Go writes it", () => {
    const c = codec();
    const plain = { crc: false, encrypt: false };
    expect(hex(c.seal([c.encode(suspectC)], plain))).toBe(packet.nestedSuspect);
    const three = [suspectC, table.alive, user("hi")];
    expect(
      hex(
        c.seal(
          three.map((message) => c.encode(message)),
          plain,
        ),
      ),
    ).toBe(packet.compoundOfThree);
    expect(c.open(bytes(packet.compoundOfThree), strict)).toEqual({ messages: three, faults: [] });
  });

  for (const [name, message] of [...Object.entries(table), ["user", user("abc".repeat(40))] as const]) {
    test(`of the message ${name} is the same, encoded and sealed at once or in two steps`, () => {
      for (const compression of [false, true]) {
        for (const encryptionVersion of [0, 1] as const) {
          for (const crc of [false, true]) {
            for (const encrypt of [false, true]) {
              const create = (): Codec =>
                codec({
                  compression,
                  encryptionVersion,
                  keys: [vectorKey],
                  label: "lab",
                  random: fixedRandom(vectorNonce),
                });
              const twice = create();
              const expected = twice.seal([twice.encode(message)], { crc, encrypt });
              expect(hex(create().sealMessage(message, { crc, encrypt }))).toBe(hex(expected));
            }
          }
        }
      }
    });
  }

  test("of one message that is too large is refused, encoded and sealed at once or in two steps", () => {
    const c = codec();
    const plain = { crc: false, encrypt: false };
    const ack = (size: number): PacketMessage => ({
      type: "ack",
      sequence: 1,
      payload: new Uint8Array(size).fill(7),
    });
    const most = Limits.packet - c.encode(ack(1_000)).length + 1_000;
    expect(hex(c.sealMessage(ack(most), plain))).toBe(hex(c.encode(ack(most))));
    expect(() => c.sealMessage(ack(most + 1), plain)).toThrow("Cannot pack more than 65536 bytes");
  });

  test("is not overwritten by those after it", () => {
    const c = codec({ keys: [vectorKey], random: fixedRandom(vectorNonce) });
    const options = { crc: false, encrypt: true };
    const sizes = Array.from({ length: 200 }, (_, index) => (index * 67) % 5_000);
    const packets = sizes.map((size) => c.seal([c.encode(user("a".repeat(size)))], options));
    for (const [index, size] of sizes.entries()) {
      expect(c.open(packets[index]!, strict).messages).toEqual([user("a".repeat(size))]);
    }
  });

  test("is compressed only if that makes it smaller", () => {
    const c = codec({ compression: true });
    const plain = { crc: false, encrypt: false };
    expect(hex(c.seal([c.encode(user("abc".repeat(40)))], plain))).toBe(packet.compressedUser);
    expect(hex(c.seal([c.encode(table.pingWithoutSource)], plain))).toBe(messages.pingWithoutSource);
    expect(c.open(bytes(packet.compressedUser), strict).messages).toEqual([user("abc".repeat(40))]);
    expect(codec().open(bytes(packet.compressedUser), strict).messages).toEqual([user("abc".repeat(40))]);
  });

  test("carries a CRC in front if asked to, and is dropped if that does not match", () => {
    const c = codec();
    expect(hex(c.seal([c.encode(table.pingWithoutSource)], { crc: true, encrypt: false }))).toBe(packet.crc);
    expect(c.open(bytes(packet.crc), strict).messages).toEqual([table.pingWithoutSource]);
    const wrong = bytes(packet.crc);
    wrong[9]! ^= 1;
    expect(() => c.open(wrong, strict)).toThrow("got invalid checksum");
    expect(c.open(bytes("0c04c039"), strict).faults).toEqual(["msg type (12) not supported"]);
  });

  test("with every envelope is what Go sends, both ways", () => {
    const c = codec({ label: "lab", compression: true, keys: [vectorKey] });
    const inner = [suspectC, user("abc".repeat(20))];
    const sealed = c.seal(
      inner.map((message) => c.encode(message)),
      { crc: true, encrypt: true },
    );
    expect(hex(sealed)).toBe(packet.nested);
    expect(c.open(sealed, strict)).toEqual({ messages: inner, faults: [] });
  });

  test("captured from a Serf 0.9.4 agent is decoded", () => {
    const { messages: found, faults } = codec().open(bytes(packet.captured), strict);
    expect(faults).toEqual([]);
    expect(
      found.map((message) => (message.type === "alive" ? [message.node, message.port] : message)),
    ).toEqual([
      ["old", 17947],
      ["new", 17946],
    ]);
  });

  test("stays decoded when the next one is opened", () => {
    const c = codec();
    const { messages: first } = c.open(bytes(messages.ackLong), strict);
    c.open(new Uint8Array(60_000).fill(8), strict);
    expect(first).toEqual([table.ackLong]);
  });

  test("holds up to 127 parts and no more than a datagram", () => {
    const c = codec();
    const nack = c.encode(table.nack127);
    const plain = { crc: false, encrypt: false };
    const sealed = c.seal(new Array(Limits.parts).fill(nack), plain);
    expect(c.open(sealed, strict).messages).toHaveLength(Limits.parts);
    expect(() => c.seal(new Array(Limits.parts + 1).fill(nack), plain)).toThrow("at most 127");
    expect(() => c.seal([new Uint8Array(Limits.packet + 1)], plain)).toThrow("more than 65536");
    expect(() => c.open(new Uint8Array(Limits.packet + 1), strict)).toThrow("too large");
    const largest = c.seal([new Uint8Array(Limits.packet).fill(8)], plain);
    expect(c.open(largest, strict).messages).toEqual([
      { type: "user", payload: new Uint8Array(65_535).fill(8) },
    ]);
  });
});

describe("encryption", () => {
  const cases = [
    ["packet1", "", 1],
    ["packet1Label", "lab", 1],
    ["packet0", "", 0],
    ["packet0Label", "lab", 0],
  ] as const;
  for (const [name, label, encryptionVersion] of cases) {
    test(`${name} is as Go writes it, and is read with either version`, () => {
      const header = label === "" ? new Uint8Array(0) : concat([0xf4, label.length], utf8(label));
      const whole = concat(header, bytes(encryption[name]));
      const c = codec({ label, encryptionVersion, keys: [vectorKey] });
      const ping = c.encode(table.pingWithoutSource);
      expect(hex(c.seal([ping], { crc: false, encrypt: true }))).toBe(hex(whole));
      const other = codec({ label, keys: [vectorKey], encryptionVersion: encryptionVersion === 1 ? 0 : 1 });
      expect(other.open(whole, strict).messages).toEqual([table.pingWithoutSource]);
    });
  }

  test("is tried with every key of the ring, at any position", () => {
    const others: Uint8Array[] = Array.from({ length: 20 }, (_, index) =>
      new Uint8Array([16, 24, 32][index % 3]!).fill(index + 1),
    );
    const sealed = bytes(encryption.packet1);
    for (const place of [0, 7, 20]) {
      const ring = others.toSpliced(place, 0, vectorKey);
      expect(codec({ keys: ring }).open(sealed, strict).messages).toEqual([table.pingWithoutSource]);
    }
    expect(() => codec({ keys: others }).open(sealed, strict)).toThrow(
      "no installed keys could decrypt the message",
    );
  });

  test("rejects every changed bit", () => {
    const c = codec({ label: "lab", keys: [vectorKey] });
    const sealed = concat([0xf4, 3], utf8("lab"), bytes(encryption.packet0Label));
    // The version byte is outside the authenticated data; versions 0 and 1 differ only in how
    // padding is read.
    const version = 8 * 5;
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      if (bit === version) continue;
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => c.open(changed, strict)).toThrow();
    }
  });

  test("accepts plain text only if incoming packets need not be verified", () => {
    const c = codec({ keys: [vectorKey] });
    const plain = bytes(messages.pingWithoutSource);
    expect(c.open(plain, { verifyIncoming: false }).messages).toEqual([table.pingWithoutSource]);
    expect(() => c.open(plain, strict)).toThrow("no installed keys");
    expect(c.open(bytes(encryption.packet1), { verifyIncoming: false }).messages).toEqual([
      table.pingWithoutSource,
    ]);
  });

  test("is switched on by the key ring, and a malformed key changes nothing", () => {
    const c = codec({ keys: [vectorKey] });
    expect(c.encrypted).toBe(true);
    for (const size of [0, 15, 17, 23, 31, 33]) {
      expect(() => c.setKeys([vectorKey, new Uint8Array(size)])).toThrow(
        "key size must be 16, 24 or 32 bytes",
      );
    }
    expect(c.open(bytes(encryption.packet1), strict).messages).toHaveLength(1);
    c.setKeys([]);
    expect(c.encrypted).toBe(false);
    expect(c.open(bytes(encryption.packet1), strict).messages).toEqual([]);
  });

  test("takes the primary key and a fresh nonce for each packet", () => {
    let next = 0;
    const random = fixedRandom(vectorNonce);
    random.bytes = (target) => {
      target.fill(++next);
    };
    const c = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
    c.setKeys([vectorKey, new Uint8Array(32)]);
    const seal = (): string => hex(c.seal([bytes(messages.nack127)], { crc: false, encrypt: true }));
    expect(seal().slice(2, 26)).toBe("01".repeat(12));
    expect(seal().slice(2, 26)).toBe("02".repeat(12));
  });
});

describe("a label", () => {
  const ping = bytes(messages.pingWithoutSource);
  const labelled = (text: string, length = text.length): Uint8Array =>
    concat([0xf4, length], utf8(text), ping);
  const cases: readonly [configured: string, received: Uint8Array, accepted: boolean, why: string][] = [
    ["", ping, true, "neither has one"],
    ["lab", labelled("lab"), true, "they are equal"],
    ["lab", ping, false, "only the receiver has one"],
    ["", labelled("lab"), false, "only the sender has one"],
    ["lab", labelled("LAB"), false, "they differ"],
    ["lab", labelled("labs"), false, "it is longer"],
    ["lab", labelled("la"), false, "it is shorter"],
    ["", labelled("", 0), false, "it is empty"],
    ["lab", bytes("f4"), false, "its length is missing"],
    ["lab", bytes("f4036c61"), false, "it is cut off"],
    ["lab", bytes("f4036c6162"), false, "nothing follows it"],
    ["é".repeat(127), labelled("é".repeat(127), 254), true, "it is long and not ASCII"],
  ];
  for (const [label, received, accepted, why] of cases) {
    test(`is ${accepted ? "accepted" : "refused"} when ${why}`, () => {
      const open = () => codec({ label }).open(received, strict);
      if (accepted) expect(open().messages).toEqual([table.pingWithoutSource]);
      else expect(open).toThrow(/label|empty/);
    });
  }

  test("of more than 255 bytes is not accepted as an option", () => {
    expect(() => codec({ label: "é".repeat(128) })).toThrow("label is too long");
  });
});

describe("names", () => {
  test("are cached, evicted when there are too many, and always right", () => {
    const c = codec();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 6000; index++) {
        const node = `node-${index}-${"x".repeat(index % 140)}`;
        const message: PacketMessage = { type: "suspect", incarnation: 1, node, from: `from-${index}` };
        expect(c.open(c.encode(message), strict).messages).toEqual([message]);
      }
    }
  });

  test("that are not UTF-8 make their message a fault each time, and do not affect other messages", () => {
    const c = codec();
    const bad = bytes(messages.suspect.replace("a162", "a1ff"));
    const compound = concat([7, 2, 0, bad.length, 0, 9], bad, bytes(messages.nack127));
    for (let round = 0; round < 3; round++) {
      const opened = c.open(compound, strict);
      expect(opened.messages).toEqual([table.nack127]);
      expect(opened.faults).toHaveLength(1);
    }
  });

  test("keep a byte order mark and every other character", () => {
    const c = codec();
    for (const node of ["\ufeffa", "ü", "日本", "👍", "\0"]) {
      const message: PacketMessage = { type: "dead", incarnation: 1, node, from: node };
      expect(c.open(c.encode(message), strict).messages).toEqual([message]);
    }
  });
});
