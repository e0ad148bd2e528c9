/**
 * Streams: one table of frames drives all ways of feeding them.
 */

import { describe, expect, test } from "vitest";
import type { Codec } from "../../../src/core/wire/codec.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import { Limits } from "../../../src/core/wire/limits.ts";
import type { PushPull, StreamMessage } from "../../../src/core/wire/messages.ts";
import { encryption, messages, stream } from "../../golden/wire/vectors.ts";
import { writeStruct } from "../../reference/msgpack.ts";
import { bytes, codec, concat, hex, receive, refusal, utf8, vectorKey } from "./support.ts";

const versions = bytes("010502020505");
const pushPull: PushPull = {
  type: "pushPull",
  join: true,
  nodes: [
    {
      node: "a",
      address: bytes("7f000001"),
      port: 7946,
      meta: utf8("m"),
      incarnation: 1,
      state: 0,
      versions,
    },
    {
      node: "b",
      address: bytes("00000000000000000000ffff0a000002"),
      port: 7947,
      meta: null,
      incarnation: 300,
      state: 3,
      versions,
    },
  ],
  userState: bytes("dead"),
};
const noSource = { address: new Uint8Array(0), port: 0, node: "" };
const ping: StreamMessage = { type: "ping", sequence: 1, node: "b", source: noSource };
const user: StreamMessage = { type: "user", payload: utf8("hello") };
const ack: StreamMessage = { type: "ack", sequence: 1, payload: null };
const boom: StreamMessage = { type: "error", text: "boom" };

interface Case {
  readonly name: string;
  readonly codec: Codec;
  readonly accepting: boolean;
  readonly wire: Uint8Array;
  readonly message: StreamMessage;
}

const plain = codec();
const labelled = codec({ label: "lab" });
const keyed = codec({ keys: [vectorKey] });
const full = codec({ label: "lab", compression: true, keys: [vectorKey] });
const empty: PushPull = { type: "pushPull", join: false, nodes: [], userState: new Uint8Array(0) };

const cases: readonly Case[] = [
  {
    name: "a plain push/pull",
    codec: plain,
    accepting: true,
    wire: bytes(stream.pushPull),
    message: pushPull,
  },
  {
    name: "a push/pull of nothing",
    codec: plain,
    accepting: true,
    wire: plain.encode(empty),
    message: empty,
  },
  { name: "its reply", codec: labelled, accepting: false, wire: bytes(stream.pushPull), message: pushPull },
  {
    name: "a compressed push/pull",
    codec: plain,
    accepting: true,
    wire: bytes(stream.pushPullCompressed),
    message: pushPull,
  },
  {
    name: "an encrypted push/pull",
    codec: full,
    accepting: true,
    wire: bytes(stream.pushPullEncrypted),
    message: pushPull,
  },
  { name: "a user message", codec: plain, accepting: true, wire: bytes(stream.user), message: user },
  {
    name: "a compressed user message",
    codec: plain,
    accepting: true,
    wire: bytes(stream.userCompressed),
    message: user,
  },
  {
    name: "a plain ping",
    codec: plain,
    accepting: true,
    wire: bytes(messages.pingWithoutSource),
    message: ping,
  },
  {
    name: "a compressed ping",
    codec: plain,
    accepting: true,
    wire: bytes(stream.pingCompressed),
    message: ping,
  },
  {
    name: "an encrypted ping",
    codec: full,
    accepting: true,
    wire: bytes(stream.pingEncrypted),
    message: ping,
  },
  {
    name: "a ping of encryption version 1",
    codec: keyed,
    accepting: true,
    wire: bytes(encryption.stream1),
    message: ping,
  },
  {
    name: "a ping of encryption version 0",
    codec: keyed,
    accepting: true,
    wire: bytes(encryption.stream0),
    message: ping,
  },
  { name: "an ack", codec: plain, accepting: false, wire: bytes(messages.ackNil), message: ack },
  {
    name: "an encrypted ack, without label header",
    codec: full,
    accepting: false,
    wire: bytes(stream.ackEncrypted),
    message: ack,
  },
  { name: "an error", codec: plain, accepting: false, wire: bytes(stream.error), message: boom },
  {
    name: "a compressed error",
    codec: plain,
    accepting: false,
    wire: bytes(stream.errorCompressed),
    message: boom,
  },
  {
    name: "a plain ping with a label",
    codec: labelled,
    accepting: true,
    wire: concat([0xf4, 3], utf8("lab"), bytes(messages.pingWithoutSource)),
    message: ping,
  },
];

const reader = (from: { codec: Codec; accepting: boolean }, verifyIncoming = true): FrameReader =>
  new FrameReader(from.codec, { accepting: from.accepting, verifyIncoming });

describe("every frame", () => {
  for (const each of cases) {
    test(`${each.name} is read whole`, () => {
      const read = reader(each);
      expect(read.push(each.wire)).toEqual(each.message);
      expect(read.end()).toBe(true);
    });
    test(`${each.name} is read byte by byte, and not before its last byte`, () => {
      const read = reader(each);
      for (const byte of each.wire.subarray(0, -1)) expect(read.push(Uint8Array.of(byte))).toBeUndefined();
      expect(read.push(each.wire.subarray(-1))).toEqual(each.message);
    });
    test(`${each.name} is read once with bytes after it`, () => {
      const read = reader(each);
      expect(read.push(concat(each.wire, [1, 2, 3]))).toEqual(each.message);
      expect(read.push(each.wire)).toBeUndefined();
    });
    test(`${each.name} that ends early is rejected without a reply`, () => {
      const header = each.accepting ? each.codec.labelHeader.length : 0;
      for (let length = 1; length < each.wire.length; length++) {
        if (length === header) continue;
        const read = reader(each);
        expect(read.push(each.wire.subarray(0, length))).toBeUndefined();
        expect(refusal(() => read.end()).answer).toBe(false);
      }
    });
  }

  test("is written as Go writes it", () => {
    const compressing = codec({ compression: true });
    const open = { labelHeader: true, encrypt: false };
    const closed = { labelHeader: true, encrypt: true };
    expect(hex(plain.encode(pushPull))).toBe(stream.pushPull);
    expect(hex(plain.encode(boom))).toBe(stream.error);
    expect(hex(plain.encodeStreamUser(utf8("hello")))).toBe(stream.user);
    expect(hex(compressing.sealStream(plain.encode(pushPull), open))).toBe(stream.pushPullCompressed);
    expect(hex(compressing.sealStream(plain.encodeStreamUser(utf8("hello")), open))).toBe(
      stream.userCompressed,
    );
    expect(hex(compressing.sealStream(plain.encode(boom), open))).toBe(stream.errorCompressed);
    expect(hex(full.sealStream(plain.encode(pushPull), closed))).toBe(stream.pushPullEncrypted);
    expect(hex(full.sealStream(plain.encode(ping), closed))).toBe(stream.pingEncrypted);
    expect(hex(full.sealStream(plain.encode(ack), { labelHeader: false, encrypt: true }))).toBe(
      stream.ackEncrypted,
    );
    expect(hex(keyed.sealStream(plain.encode(ping), closed))).toBe(encryption.stream1);
    const old = codec({ keys: [vectorKey], encryptionVersion: 0 });
    expect(hex(old.sealStream(plain.encode(ping), closed))).toBe(encryption.stream0);
  });

  test("with integers of the signed family, as newer Go writes them, is read", () => {
    const nodes = new Array(200).fill([0x81, 0xa4, ...utf8("Name"), 0xa1, 0x78]).flat();
    const state = new Uint8Array(70_000).fill(5);
    for (const header of [stream.headerOld, stream.headerNew]) {
      const message = receive(
        reader({ codec: plain, accepting: true }),
        concat([6], bytes(header), nodes, state),
      );
      expect(message).toMatchObject({ type: "pushPull", join: false, userState: state });
      expect((message as PushPull).nodes).toHaveLength(200);
    }
  });
});

test("a stream that ends before its first byte is not an error", () => {
  const read = reader({ codec: plain, accepting: true });
  expect(read.push(new Uint8Array(0))).toBeUndefined();
  expect(read.end()).toBe(false);
});

test("nor is one that ends after the header of its label", () => {
  for (const { labelHeader } of [labelled, full]) {
    const read = reader({ codec: labelled, accepting: true });
    expect(labelHeader).toEqual(bytes("f4036c6162"));
    expect(read.push(labelHeader)).toBeUndefined();
    expect(read.end()).toBe(false);
  }
  expect(plain.labelHeader).toEqual(new Uint8Array());
});

describe("refused", () => {
  const frame = (length: number, ...rest: readonly Uint8Array[]): Uint8Array => {
    const head = new Uint8Array(5);
    head[0] = 10;
    new DataView(head.buffer).setUint32(1, length);
    return concat(head, ...rest);
  };
  const changed = bytes(stream.pushPullEncrypted);
  changed[60]! ^= 1;
  const sealed = (value: Uint8Array): Uint8Array =>
    keyed.sealStream(value, { labelHeader: false, encrypt: true });
  const header = (fields: Readonly<Record<string, number>>): Uint8Array =>
    Uint8Array.from([6, ...writeStruct({ Join: false, Nodes: 0, UserStateLen: 0, ...fields })]);
  const compress = (fields: string): Uint8Array => concat([9], bytes(fields));

  const table: readonly [why: string, codec: Codec, wire: Uint8Array, answer: boolean, text: RegExp][] = [
    [
      "encrypted without a key",
      plain,
      frame(45),
      true,
      /^remote state is encrypted and encryption is not configured$/,
    ],
    [
      "plain with a key",
      keyed,
      plain.encode(ping),
      true,
      /^encryption is configured but remote state is not encrypted$/,
    ],
    [
      "encrypted with another key",
      codec({ keys: [new Uint8Array(16)] }),
      bytes(encryption.stream1),
      true,
      /^no installed keys could decrypt the message$/,
    ],
    ["changed on the way", full, changed, true, /no installed keys/],
    ["encrypted and longer than 20 MiB", keyed, frame(Limits.frame + 1), true, /larger than limit/],
    ["encrypted and shorter than a tag", keyed, frame(3, bytes("010203")), true, /no installed keys/],
    ["encrypted and empty", keyed, sealed(new Uint8Array(0)), true, /empty/],
    ["with another label", labelled, concat([0xf4, 3], utf8("lax")), false, /label/],
    ["with a longer label", labelled, bytes("f404"), false, /label/],
    ["without the label", labelled, plain.encode(ping), false, /label/],
    ["with a label of no bytes", plain, bytes("f400"), false, /label/],
    ["with an unexpected label", plain, bytes("f4036c6162"), false, /label/],
    ["of an unknown type", plain, bytes("0e80"), false, /invalid msg type \(14\)/],
    ["a datagram's type", plain, bytes(messages.alive), false, /invalid msg type \(4\)/],
    ["a reply to one who accepts", plain, bytes(messages.ackNil), false, /invalid msg type \(2\)/],
    [
      "of a datagram's type when encrypted",
      keyed,
      sealed(bytes(messages.nack127)),
      false,
      /invalid msg type \(11\)/,
    ],
    [
      "encrypted inside encrypted",
      keyed,
      sealed(sealed(plain.encode(ping))),
      false,
      /invalid msg type \(10\)/,
    ],
    ["not LZW", plain, compress("82a4416c676f00a3427566a3ffffff"), true, /^lzw: invalid code$/],
    ["LZW that ends early", plain, compress("82a4416c676f00a3427566a100"), true, /^lzw: invalid code$/],
    ["LZW of nothing", plain, compress("82a4416c676f00a3427566a3000302"), true, /empty/],
    ["of another algorithm", plain, compress("82a4416c676f01a3427566a3000302"), true, /algorithm/],
    [
      "a compress message of wrong types",
      plain,
      compress("82a4416c676fa101a3427566a3000302"),
      true,
      /wrong type/,
    ],
    ["too many nodes", plain, header({ Nodes: Limits.nodes + 1 }), false, /invalid node count/],
    [
      "too much user state",
      plain,
      header({ UserStateLen: Limits.userState + 1 }),
      false,
      /invalid user state length/,
    ],
    ["a negative number of nodes", plain, bytes("0681a54e6f646573ff"), false, /invalid node count/],
    [
      "a node count above 2^63",
      plain,
      bytes("0681a54e6f646573cfffffffffffffffff"),
      false,
      /invalid node count/,
    ],
    [
      "too large a user message",
      plain,
      bytes("0881aa557365724d73674c656ece01400001"),
      false,
      /invalid user message length/,
    ],
    [
      "a header that never ends",
      plain,
      concat(bytes("0681a178da4000"), new Uint8Array(5000)),
      false,
      /header is too large/,
    ],
    ["a reserved msgpack byte", plain, bytes("00c1"), false, /not msgpack/],
    ["more objects than bytes may come", plain, bytes("00dfffffffff"), false, /too large/],
    ["a longer text than bytes may come", plain, bytes("0081a14edbffffffff"), false, /too large/],
    ["a text that is not UTF-8", plain, bytes("0082a44e6f6465a1ffa55365714e6f01"), false, /UTF-8/],
    [
      "values nested too deep",
      plain,
      concat(bytes("0081a178"), new Uint8Array(40).fill(0x91), [1]),
      false,
      /nested too deep/,
    ],
    [
      "truncated inside encryption",
      keyed,
      sealed(bytes(stream.pushPull).subarray(0, -1)),
      false,
      /ends early/,
    ],
  ];
  for (const [why, receiver, wire, answer, text] of table) {
    test(`${why}: ${answer ? "with a reply" : "without a reply"}`, () => {
      for (const feed of ["whole", "byte by byte"]) {
        const read = reader({ codec: receiver, accepting: true });
        const error = refusal(() => {
          if (feed === "whole") read.push(wire);
          else for (const byte of wire) read.push(Uint8Array.of(byte));
          read.end();
        });
        expect(error.message).toMatch(text);
        expect(error.answer).toBe(answer);
      }
    });
  }

  test("on the dialling side: never with a reply", () => {
    const read = reader({ codec: keyed, accepting: false });
    expect(refusal(() => read.push(plain.encode(ack))).answer).toBe(false);
  });

  test("plain text with a key: only while incoming streams must be verified", () => {
    const receiver = { codec: keyed, accepting: true };
    expect(reader(receiver, false).push(plain.encode(ping))).toEqual(ping);
    expect(reader(receiver, false).push(bytes(encryption.stream1))).toEqual(ping);
  });
});
