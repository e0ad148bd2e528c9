/** Bytes that a node sent before are not copied again, and bytes that have changed are never mistaken for those. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import type { Alive, NodeState, PacketMessage, Ping } from "../../../src/core/wire/messages.ts";
import { bytes, codec, receive, utf8 } from "./support.ts";

const open = { verifyIncoming: false };
const plain = { crc: false, encrypt: false };

const alive: Alive = {
  type: "alive",
  incarnation: 1,
  node: "a",
  address: bytes("0a000001"),
  port: 7946,
  meta: utf8("role=web"),
  versions: bytes("010502020505"),
};

/** One of few values, so that they repeat; the longest are too long to be remembered. */
const few = (...sizes: readonly number[]): fc.Arbitrary<Uint8Array> =>
  fc.tuple(fc.constantFrom(...sizes), fc.nat(1)).map(([size, fill]) => new Uint8Array(size).fill(fill));
const names = fc.constantFrom("", "a", "b", "é", "n".repeat(128), "n".repeat(129));
const nodes = fc.record({
  node: names,
  incarnation: fc.nat(3),
  address: few(0, 4, 16),
  port: fc.nat(3),
  meta: fc.option(few(0, 1, 5, 97, 98, 300)),
  versions: few(0, 5, 6),
});

describe("what a codec has decoded before", () => {
  test("does not change what it decodes", () => {
    const alives = nodes.map((node): PacketMessage => ({ type: "alive", ...node }));
    const pings = fc
      .tuple(names, few(0, 4, 16))
      .map(
        ([node, address]): Ping => ({ type: "ping", sequence: 1, node, source: { address, port: 1, node } }),
      );
    const messages = fc.array(fc.oneof(alives, pings), { minLength: 1, maxLength: 40 });
    const c = codec();
    fc.assert(
      fc.property(messages, (list) => {
        const packet = c.seal(
          list.map((message) => c.encode(message)),
          plain,
        );
        expect(c.open(packet, open)).toEqual({ messages: list, faults: [] });
      }),
    );
  });

  test("does not change what it decodes of a push/pull", () => {
    const c = codec();
    const states = fc.array(
      nodes.map((node): NodeState => ({ ...node, state: 0 })),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(states, (list) => {
        const message = { type: "pushPull", join: false, nodes: list, userState: new Uint8Array(0) } as const;
        const frame = c.sealStream(c.encode(message), { labelHeader: true, encrypt: false });
        const reader = new FrameReader(c, { accepting: true, verifyIncoming: false });
        expect(receive(reader, frame)).toEqual(message);
      }),
    );
  });

  test("is shared by messages of the same node while its bytes are the same", () => {
    const c = codec();
    const decode = (message: Alive): Alive => c.open(c.encode(message), open).messages[0] as Alive;
    const first = decode(alive);
    const second = decode({ ...alive, incarnation: 2, port: 1 });
    expect(second.meta).toBe(first.meta);
    expect(second.address).toBe(first.address);
    expect(second.versions).toBe(first.versions);
    expect(decode({ ...alive, meta: utf8("role=db") }).meta).toEqual(utf8("role=db"));
    expect(decode({ ...alive, node: "b" }).meta).not.toBe(first.meta);
  });

  test("is not taken for the bytes of an entry that was refused in between", () => {
    const c = codec();
    const decode = (message: Alive): Alive => c.open(c.encode(message), open).messages[0] as Alive;
    expect(decode(alive)).toEqual(alive);
    const changed = { ...alive, meta: utf8("role=db!") };
    const states = [changed, { ...alive, node: "b" }].map(({ type: _, ...node }) => ({ ...node, state: 0 }));
    const state = c.encode({ type: "pushPull", join: false, nodes: states, userState: new Uint8Array(0) });
    // The second entry has a text for its port, so the whole push/pull is refused, after the first was decoded.
    const port = Buffer.from(state).lastIndexOf("Port") + 4;
    state.set(bytes("a24142"), port);
    const reader = new FrameReader(c, { accepting: true, verifyIncoming: false });
    expect(() => receive(reader, state)).toThrow("failed to decode message");
    expect(decode(alive)).toEqual(alive);
    expect(decode(changed)).toEqual(changed);
  });

  test("is forgotten with the names, when there are too many of them", () => {
    const c = codec();
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 6_000; index++) {
        const message: Alive = {
          ...alive,
          node: `node-${index}`,
          address: Uint8Array.of(10, round, index >> 8, index & 255),
        };
        const [decoded] = c.open(c.encode(message), open).messages;
        if (decoded?.type !== "alive") throw new Error("nothing was decoded");
        expect([decoded.node, ...decoded.address]).toEqual([message.node, ...message.address]);
      }
    }
  });
});
