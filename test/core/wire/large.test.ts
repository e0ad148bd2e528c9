/** Streams that do not fit the long-lived instance, up to the limits and beyond. */

import { describe, expect, test } from "vitest";
import { MessageType } from "../../../src/core/wire/abi.ts";
import type { Codec } from "../../../src/core/wire/codec.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import { Limits } from "../../../src/core/wire/limits.ts";
import type { NodeState, PushPull, StreamMessage } from "../../../src/core/wire/messages.ts";
import { MsgpackWriter } from "../../../src/core/wire/msgpack.ts";
import { bytes, codec, hex, receive, refusal, utf8, vectorKey } from "./support.ts";

const versions = bytes("010502020505");
const reader = (c: Codec): FrameReader => new FrameReader(c, { accepting: true, verifyIncoming: true });

/** Decodes all parts of a large message. */
function decodeAll(read: FrameReader): {
  readonly steps: number;
  readonly message: StreamMessage | undefined;
} {
  let message: StreamMessage | undefined;
  let steps = 0;
  for (; read.large; steps++) message = read.decode();
  return { steps, message };
}

describe("a large stream", () => {
  const node = (index: number): NodeState => ({
    node: `node-${index}`,
    address: Uint8Array.of(10, index >> 16, (index >> 8) & 255, index & 255),
    port: 7946,
    meta: utf8(`meta of ${index}`),
    incarnation: index,
    state: index & 3,
    versions,
  });
  const message: PushPull = {
    type: "pushPull",
    join: false,
    nodes: Array.from({ length: 5000 }, (_, index) => node(index)),
    userState: Uint8Array.from({ length: 300_000 }, (_, index) => (index * index) >> 7),
  };

  for (const compression of [false, true]) {
    for (const keys of [[], [new Uint8Array(32), vectorKey]]) {
      const how = `${compression ? "compressed" : "plain"}${keys.length > 0 ? " and encrypted" : ""}`;
      test(`is decoded as it was, ${how}, in chunks`, () => {
        const c = codec({ compression, keys, label: "lab" });
        const wire = c.sealStream(c.encode(message), { labelHeader: true, encrypt: keys.length > 0 });
        const read = reader(c);
        let result: StreamMessage | undefined;
        for (let at = 0; at < wire.length; at += 1460) result = receive(read, wire.subarray(at, at + 1460));
        expect(result).toEqual(message);
        expect(c.open(bytes("f4036c6162086869"), { verifyIncoming: false }).messages).toHaveLength(1);
      });
    }
  }

  test("with 20 MiB of user message passes, and with one byte more does not", () => {
    const c = codec({ compression: true });
    const payload = new Uint8Array(Limits.userMessage);
    const wire = c.sealStream(c.encodeStreamUser(payload), { labelHeader: false, encrypt: false });
    expect(wire.length).toBeLessThan(200_000);
    const received = receive(reader(c), wire);
    expect(received?.type === "user" && received.payload.length).toBe(Limits.userMessage);
    const larger = c.sealStream(c.encodeStreamUser(new Uint8Array(Limits.userMessage + 1)), {
      labelHeader: false,
      encrypt: false,
    });
    expect(() => receive(reader(c), larger)).toThrow("invalid user message length");
  });

  test("may be few bytes on the wire: also many tiny entries are decoded by steps", () => {
    const c = codec({ compression: true });
    const count = 200_000;
    const header = new MsgpackWriter(6).map(3).string("Join").bool(false).string("Nodes").uint(count);
    const head = header.string("UserStateLen").uint(0).finish();
    const state = new Uint8Array(head.length + count).fill(0x80);
    state.set(head);
    const wire = c.sealStream(state, { labelHeader: true, encrypt: false });
    expect(wire.length).toBeLessThan(2_000);
    const read = reader(c);
    expect(read.push(wire)).toBeUndefined();
    const { steps, message } = decodeAll(read);
    expect(steps).toBe(Math.ceil(count / 4_096));
    expect(message?.type === "pushPull" && message.nodes.length).toBe(count);
  });

  test("is decompressed by steps of about 2 MiB", () => {
    const c = codec({ compression: true });
    const payload = new Uint8Array(Limits.userMessage).map((_, index) => index >> 9);
    const wire = c.sealStream(c.encodeStreamUser(payload), { labelHeader: true, encrypt: false });
    const read = reader(c);
    read.push(wire);
    const { steps, message } = decodeAll(read);
    expect(steps).toBe(Limits.userMessage / 2_097_152 + 1);
    expect(message?.type === "user" && hex(message.payload.subarray(-9))).toBe(hex(payload.subarray(-9)));
  });

  test("is read by steps also if it decompresses to nothing", () => {
    // Eight codes 256, which clear the table, in nine bytes; then 257, the end.
    const clears = bytes("000102040810204080");
    const buffer = new Uint8Array(9 * 600_000 + 2).map((_, index) => clears[index % 9]!);
    buffer.set([0x01, 0x01], buffer.length - 2);
    const writer = new MsgpackWriter(MessageType.compress).map(2).string("Algo").uint(0).string("Buf");
    const read = reader(codec({ compression: true }));
    read.push(writer.bytes(buffer).finish());
    let steps = 0;
    const error = refusal(() => {
      for (; steps < 100; steps++) read.decode();
    });
    expect([error.message, steps]).toEqual(["message is empty", 2]);
  });

  test("that compression would make larger than peers accept is not compressed", () => {
    const c = codec({ compression: true, keys: [vectorKey] });
    let state = 1;
    const payload = new Uint8Array(16_000_000).map(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
    const wire = c.sealStream(c.encodeStreamUser(payload), { labelHeader: false, encrypt: true });
    expect(wire.length).toBeLessThan(Limits.frame);
    const received = receive(reader(c), wire);
    expect(received?.type === "user" && hex(received.payload.subarray(-9))).toBe(hex(payload.subarray(-9)));
  });

  test("that decompresses to more than 40 MiB is rejected with a reply", () => {
    const c = codec({ compression: true });
    const bomb = c.sealStream(new Uint8Array(Limits.decompressed + 1), {
      labelHeader: false,
      encrypt: false,
    });
    const error = refusal(() => receive(reader(c), bomb));
    expect(error.message).toBe("decompressed message is too large");
    expect(error.answer).toBe(true);
  });
});
