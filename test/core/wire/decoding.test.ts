/**
 * Deviations that the decoder accepts, as go-msgpack 2 does, and hostile input that it must
 * survive.
 */

import { describe, expect, test } from "vitest";
import { Size } from "../../../src/core/wire/abi.ts";
import { Limits } from "../../../src/core/wire/limits.ts";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import { lzwCompress } from "../../reference/lzw.ts";
import { bytes, codec, concat, hex, utf8, vectorKey } from "./support.ts";

const strict = { verifyIncoming: true };
const noSource = { address: new Uint8Array(0), port: 0, node: "" };
const ping = (fields: object = {}): PacketMessage => ({
  type: "ping",
  sequence: 0,
  node: "",
  source: noSource,
  ...fields,
});
const seq = "a55365714e6f";
const node = "a44e6f6465";

const accepted: readonly [what: string, packet: string, message: PacketMessage][] = [
  ["keys in any order", `0082${seq}01${node}a162`, ping({ sequence: 1, node: "b" })],
  [
    "unknown keys with any value",
    `0083a178${"93c0c3ca00000000"}${seq}01a179c70301aabbcc`,
    ping({ sequence: 1 }),
  ],
  [
    "unknown keys with maps and every fixed size",
    `0084a16182cb0000000000000000d3ffffffffffffffffd8${"00".repeat(17)}d40000a162de0001a161dc000101a163d1ffff${seq}07`,
    ping({ sequence: 7 }),
  ],
  ["missing keys", `0081${seq}09`, ping({ sequence: 9 })],
  ["a key twice, the last one counts", `0082${seq}01${seq}02`, ping({ sequence: 2 })],
  ["a key in another case as unknown", `0082a46e6f6465a162${seq}01`, ping({ sequence: 1 })],
  ["a key that begins like a known one as unknown", `0082a54e6f646558a162${seq}01`, ping({ sequence: 1 })],
  ["nil for the whole message", "00c0", ping()],
  ["an empty map", "0080", ping()],
  ["map16 and map32", `00de0001${seq}03`, ping({ sequence: 3 })],
  ["map32", `00df00000001${seq}03`, ping({ sequence: 3 })],
  [
    "a struct sent as array, in the order of declaration",
    "009505a162a47f000001cd1f0aa161",
    ping({ sequence: 5, node: "b", source: { address: bytes("7f000001"), port: 7946, node: "a" } }),
  ],
  ["a short array", "009105", ping({ sequence: 5 })],
  ["a long array", "00dc000705a162a0c0a0c201", ping({ sequence: 5, node: "b" })],
  ["array32", "00dd0000000105", ping({ sequence: 5 })],
  [
    "an indirect ping as array",
    "019802a47f000001cd1f0ba162c3c0c0c0",
    {
      type: "indirectPing",
      sequence: 2,
      target: bytes("7f000001"),
      port: 7947,
      node: "b",
      nack: true,
      source: noSource,
    },
  ],
  ["a suspect as array", "039303a162a161", { type: "suspect", incarnation: 3, node: "b", from: "a" }],
  [
    "an alive as array",
    "049601a162a47f000001cd1f0aa16da6010502020505",
    {
      type: "alive",
      incarnation: 1,
      node: "b",
      address: bytes("7f000001"),
      port: 7946,
      meta: utf8("m"),
      versions: bytes("010502020505"),
    },
  ],
  ["a string as str8", `0081${node}d90162`, ping({ node: "b" })],
  ["a string as bin8", `0081${node}c40162`, ping({ node: "b" })],
  ["a key as str8 and bin8", `0082d9044e6f6465a162c40553${"65714e6f"}04`, ping({ node: "b", sequence: 4 })],
  [
    "a string as raw16 and raw32",
    `0082${node}da000162aa536f757263654e6f6465db0000000161`,
    ping({ node: "b", source: { ...noSource, node: "a" } }),
  ],
  ["bytes as bin and str8", "0281a75061796c6f6164c40101", { type: "ack", sequence: 0, payload: bytes("01") }],
  ["bytes as bin32", "0281a75061796c6f6164c60000000101", { type: "ack", sequence: 0, payload: bytes("01") }],
  [
    "bytes as an array of small integers",
    "0281a75061796c6f61649501ccffcd00ffd10001c0",
    { type: "ack", sequence: 0, payload: bytes("01ffff0100") },
  ],
  [
    "bytes as an empty array",
    "0281a75061796c6f616490",
    { type: "ack", sequence: 0, payload: new Uint8Array(0) },
  ],
  [
    "nil for every field",
    `0185a44e61636bc0${node}c0a4506f7274c0${seq}c0a6546172676574c0`,
    {
      type: "indirectPing",
      sequence: 0,
      target: new Uint8Array(0),
      port: 0,
      node: "",
      nack: false,
      source: noSource,
    },
  ],
  ["a number in eight bytes", `0b81${seq}cf00000000ffffffff`, { type: "nack", sequence: 4294967295 }],
  ["a number in signed form", `0b81${seq}d300000000ffffffff`, { type: "nack", sequence: 4294967295 }],
  ["a number in every width", `0b81${seq}d27fffffff`, { type: "nack", sequence: 2147483647 }],
  [
    "false and true as 0 and 1",
    "0181a44e61636b01",
    {
      type: "indirectPing",
      sequence: 0,
      target: new Uint8Array(0),
      port: 0,
      node: "",
      nack: true,
      source: noSource,
    },
  ],
  [
    "a version vector that is too short",
    "0482a44e6f6465a162a356736ea3010502",
    {
      type: "alive",
      incarnation: 0,
      node: "b",
      address: new Uint8Array(0),
      port: 0,
      meta: null,
      versions: bytes("010502"),
    },
  ],
  ["an empty user message", "08", { type: "user", payload: new Uint8Array(0) }],
];

const refused: readonly [what: string, packet: string, why: RegExp][] = [
  ["a message without body", "00", /ends early/],
  ["a body that is no map", "0005", /wrong type/],
  ["a body that is a string", "00a162", /wrong type/],
  ["a negative sequence", `0b81${seq}ff`, /out of range/],
  ["a sequence of 33 bits", `0b81${seq}cf0000000100000000`, /out of range/],
  ["a port of 17 bits", "0181a4506f7274ce00010000", /out of range/],
  ["a float for a number", `0b81${seq}ca3f800000`, /wrong type/],
  ["a string for a number", `0b81${seq}a131`, /wrong type/],
  ["a number for a string", `0081${node}01`, /wrong type/],
  ["an array for a string", `0081${node}9162`, /wrong type/],
  ["a map for bytes", "0281a75061796c6f616480", /wrong type/],
  ["a byte above 255", "0281a75061796c6f616491cd0100", /out of range/],
  ["a string in an array of bytes", "0281a75061796c6f616491a131", /wrong type/],
  ["a number for a truth value", "0181a44e61636b02", /wrong type/],
  ["a number as key", "00810102", /wrong type/],
  ["a reserved byte", "0081a178c1", /wrong type/],
  ["nesting of 33", `0081a178${"91".repeat(33)}01`, /nested too deep/],
  ["nesting of 60000", `0081a178${"91".repeat(60_000)}01`, /nested too deep/],
  ["a claimed length", "0281a75061796c6f6164dbffffffff", /ends early/],
  ["a claimed array of bytes", "0281a75061796c6f6164ddffffffff01", /ends early/],
  ["a claimed array to skip", "0081a178ddffffffff", /ends early/],
  ["a claimed map to skip", "0081a178dfffffffff", /ends early/],
  ["a claimed map", "00dfffffffff", /ends early/],
  ["a claimed extension", "0081a178c9ffffffff", /ends early/],
  ["a push/pull", "0680", /msg type \(6\) not supported/],
  ["an error", "0d80", /msg type \(13\) not supported/],
  ["an encrypted frame", "0a00000000", /msg type \(10\) not supported/],
  ["type 14, which is none", "0e80", /msg type \(14\) not supported/],
  ["type 255", "ff80", /msg type \(255\) not supported/],
  ["a CRC inside a compound", "070100060c0000000000", /msg type \(12\) not supported/],
  ["a compound without count", "07", /truncated len slice/],
  ["a compound without lengths", "0702000100", /truncated len slice/],
  ["an empty part", "07010000", /missing message type byte/],
  ["a part longer than the packet", "0702000a0001", /2 truncated messages/],
  ["unknown compression", "0982a4416c676f01a3427566a3000302", /unknown algorithm/],
  ["compression of nothing", "0982a4416c676f00a3427566a3000302", /missing message type byte/],
  ["no compressed bytes", "0981a4416c676f00", /lzw: invalid code/],
  ["compression that ends early", "0982a4416c676f00a3427566a20003", /lzw: invalid code/],
];

describe("the decoder accepts", () => {
  for (const [what, packet, message] of accepted) {
    test(what, () => {
      expect(codec().open(bytes(packet), strict)).toEqual({ messages: [message], faults: [] });
    });
  }

  test("nesting of 32", () => {
    const packet = bytes(`0082a178${"91".repeat(31)}01${seq}05`);
    expect(codec().open(packet, strict).messages).toEqual([ping({ sequence: 5 })]);
  });
});

describe("the decoder refuses", () => {
  for (const [what, packet, why] of refused) {
    test(what, () => {
      const opened = codec().open(bytes(packet), strict);
      expect(opened.messages).toEqual([]);
      expect(opened.faults).toHaveLength(1);
      expect(opened.faults[0]).toMatch(why);
    });
  }

  test("an empty datagram", () => {
    expect(() => codec().open(new Uint8Array(0), strict)).toThrow("packet is empty");
  });
});

const nack = bytes(`0b81${seq}01`);
const nackMessage: PacketMessage = { type: "nack", sequence: 1 };

function compound(parts: readonly Uint8Array[]): Uint8Array {
  const lengths = parts.flatMap((part) => [part.length >> 8, part.length & 255]);
  return concat([7, parts.length], lengths, ...parts);
}

function compressed(text: Uint8Array): Uint8Array {
  const packed = lzwCompress(text);
  return concat(bytes("0982a4416c676f00a3427566da"), [packed.length >> 8, packed.length & 255], packed);
}

describe("a hostile packet", () => {
  test("with one bad part keeps the good ones", () => {
    const opened = codec().open(compound([nack, bytes("00c1"), nack, new Uint8Array(0), nack]), strict);
    expect(opened.messages).toEqual([nackMessage, nackMessage, nackMessage]);
    expect(opened.faults).toHaveLength(2);
  });

  test("with parts cut off keeps those before", () => {
    const whole = compound([nack, nack, nack]);
    const opened = codec().open(whole.subarray(0, -1), strict);
    expect(opened.messages).toEqual([nackMessage, nackMessage]);
    expect(opened.faults).toEqual(["compound request had 1 truncated messages"]);
  });

  test("of 255 parts is read whole", () => {
    expect(codec().open(compound(new Array(255).fill(nack)), strict).messages).toHaveLength(255);
  });

  test("mixes envelopes up to four deep, and no deeper", () => {
    let packet = nack;
    for (let depth = 0; depth < 4; depth++)
      packet = depth % 2 === 0 ? compound([packet]) : compressed(packet);
    expect(codec().open(packet, strict).messages).toEqual([nackMessage]);
    const opened = codec().open(compound([packet]), strict);
    expect(opened).toEqual({ messages: [], faults: ["envelopes are nested too deep"] });
  });

  test("with more messages than the table holds keeps the first ones, and few faults", () => {
    const quarter = compressed(compound(new Array(250).fill(nack)));
    const opened = codec().open(compound(new Array(5).fill(quarter)), strict);
    expect(opened.messages).toHaveLength(Size.recordsMax);
    expect(opened.faults).toHaveLength(Size.faultsMax);
    expect(new Set(opened.faults)).toEqual(new Set(["packet has too many messages"]));
  });

  test("that decompresses to more than the bound is dropped, one at the bound is not", () => {
    const text = new Uint8Array(Limits.packetDecompressed);
    text[0] = 8;
    expect(codec().open(compressed(text), strict).messages).toEqual([
      { type: "user", payload: text.subarray(1) },
    ]);
    const over = codec().open(compressed(concat(text, [0])), strict);
    expect(over).toEqual({ messages: [], faults: ["failed to decompress payload: too large"] });
  });

  test("with many decompression bombs costs no more than one", () => {
    const bomb = compressed(new Uint8Array(Limits.packetDecompressed + 1).fill(8));
    const count = Math.floor((Limits.packet - 200) / (bomb.length + 2));
    expect(count).toBeGreaterThan(20);
    const opened = codec().open(compound([...new Array(count).fill(bomb), nack]), strict);
    expect(opened.messages).toEqual([nackMessage]);
    expect(opened.faults.every((fault) => fault === "failed to decompress payload: too large")).toBe(true);
  });

  test("with padding that no sender writes is rejected, although its tag is right", () => {
    const c = codec({ keys: [vectorKey] });
    for (const end of ["00", "11", "ff", "0302"]) {
      const text = concat(new Uint8Array(16 - end.length / 2), bytes(end));
      const sealed = c.seal([text], { crc: false, encrypt: true });
      // Version 1 has no padding and the version is not authenticated: as version 0 the last byte becomes padding.
      sealed[0] = 0;
      expect(() => c.open(sealed, strict)).toThrow("no installed keys");
      expect(() => c.open(sealed, { verifyIncoming: false })).toThrow("no installed keys");
    }
    const empty = c.seal([new Uint8Array(0)], { crc: false, encrypt: true });
    expect(() => c.open(empty, strict)).toThrow("empty");
  });

  test("leaves no bytes behind that a later packet could show", () => {
    const c = codec();
    c.open(new Uint8Array(60_000).fill(0xa1), strict);
    const cut = bytes("0281a75061796c6f6164a5");
    expect(c.open(cut, strict).messages).toEqual([]);
    const { messages } = c.open(bytes("0281a75061796c6f6164a101"), strict);
    expect(messages.map((message) => message.type === "ack" && hex(message.payload!))).toEqual(["01"]);
  });
});
