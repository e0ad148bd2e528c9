/** Large messages are encoded, sealed and opened in slices, with the bytes that one piece would have. */

import { createCipheriv } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { finish, type Job } from "../../../src/core/jobs.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import type { NodeState, PushPull } from "../../../src/core/wire/messages.ts";
import { lzwCompress } from "../../reference/lzw.ts";
import { bytes, codec, concat, congruential, hex, receive, refusal, utf8, vectorNonce } from "./support.ts";

const key = new Uint8Array(32).fill(7);
const other = new Uint8Array(32).fill(8);
const mebibyte = 1_048_576;
const halfMebibyte = 524_288;

/** Sizes around those at which a part ends. */
const sizes = (part: number): number[] =>
  [-65, -64, -17, -1, 0, 1, 16, 63, 64].flatMap((step) => [part + step, 2 * part + step]);

/** Runs a job to its end. Returns its result and the number of its slices. */
function slices<Result>(job: Job<Result>): { readonly count: number; readonly result: Result } {
  let count = 1;
  let step = job.next();
  for (; step.done !== true; step = job.next()) count += 1;
  return { count, result: step.value };
}

function noise(size: number): Uint8Array {
  const next = congruential(size);
  return new Uint8Array(size).map(() => next() & 31);
}

/** An encrypted stream frame of version 1, by the runtime's own AES-GCM. */
function sealed(text: Uint8Array): string {
  const head = new Uint8Array(5);
  head[0] = 10;
  new DataView(head.buffer).setUint32(1, 29 + text.length);
  const cipher = createCipheriv("aes-256-gcm", key, vectorNonce);
  cipher.setAAD(head);
  const body = cipher.update(text);
  cipher.final();
  return Buffer.concat([head, Uint8Array.of(1), vectorNonce, body, cipher.getAuthTag()]).toString("base64");
}

/** A user message for a stream whose bytes have a size together. */
function userOf(size: number): Uint8Array {
  const payload = noise(size);
  const message = codec().encodeStreamUser(payload);
  return codec().encodeStreamUser(payload.subarray(message.length - size));
}

const base64 = (value: Uint8Array): string => Buffer.from(value).toString("base64");

describe("a large message", () => {
  test("is encrypted as in one piece, whatever its size", () => {
    const c = codec({ keys: [key] });
    for (const size of [...sizes(mebibyte), 3 * mebibyte + 5]) {
      const text = noise(size);
      const options = { labelHeader: false, encrypt: true };
      const pieces = [text.subarray(0, 1_000), text.subarray(1_000)];
      const { count, result } = slices(c.sealPieces(pieces, options));
      expect(base64(result) === sealed(text)).toBe(true);
      // It is encrypted, then hashed.
      expect(count).toBe(size <= mebibyte ? 1 : 2 * Math.ceil(size / mebibyte));
    }
  });

  test("is compressed as in one piece, whatever its size", () => {
    const c = codec({ compression: true });
    for (const size of [0, 1, ...sizes(halfMebibyte).slice(0, 9), 2 * halfMebibyte + 2]) {
      const text = noise(size);
      const { count, result } = slices(c.sealPieces([text], { labelHeader: false, encrypt: false }));
      const packed = lzwCompress(text);
      expect(base64(result.subarray(-packed.length)) === base64(packed)).toBe(true);
      expect(count).toBe(Math.max(1, Math.ceil((size - 1) / halfMebibyte)));
    }
  });

  test("leaves nothing behind that changes the next one", () => {
    const c = codec({ compression: true, keys: [key] });
    const options = { labelHeader: false, encrypt: true };
    const small = hex(c.sealStream(utf8("hello hello hello"), options));
    c.sealPieces([noise(2 * mebibyte)], options).next();
    expect(hex(c.sealStream(utf8("hello hello hello"), options))).toBe(small);
  });

  test("is decrypted as it was, whatever its size and whichever key is right", () => {
    const sender = codec({ keys: [key] });
    const cases = [
      ...sizes(mebibyte).map((size) => [[key], size] as const),
      ...[-1, 0, 1, 17].map((step) => [[other, key], mebibyte + step] as const),
      [[other, other, key], mebibyte - 7] as const,
    ];
    for (const [keys, size] of cases) {
      const message = userOf(size);
      const frame = sender.sealStream(message, { labelHeader: true, encrypt: true });
      const read = new FrameReader(codec({ keys }), { accepting: true, verifyIncoming: true });
      const user = receive(read, frame);
      expect(
        user?.type === "user" && base64(user.payload) === base64(message.subarray(-user.payload.length)),
      ).toBe(true);
    }
  });

  test("that no key can open is refused when all of them were tried, and is never decrypted", () => {
    const sender = codec({ keys: [key] });
    const frame = sender.sealStream(userOf(3 * mebibyte), { labelHeader: true, encrypt: true });
    frame[frame.length - 1]! ^= 1;
    const read = new FrameReader(codec({ keys: [other, key] }), { accepting: true, verifyIncoming: true });
    read.push(frame);
    let steps = 1;
    const error = refusal(() => {
      for (; read.decode() === undefined; ) steps += 1;
    });
    expect([error.message, error.answer]).toEqual(["no installed keys could decrypt the message", true]);
    expect(steps).toBe(6);
  });
});

describe("a push/pull", () => {
  const entry = (index: number, size: number): NodeState => ({
    node: `node-${index}`.padEnd(size, "é"),
    address: bytes("0a000001"),
    port: index & 0xffff,
    meta: index % 3 === 0 ? null : utf8(`meta of ${index}`),
    incarnation: index,
    state: index & 3,
    versions: bytes("010502020505"),
  });

  test("is encoded as its entries are one by one, whatever their number and size", () => {
    const c = codec();
    const one = (nodes: readonly NodeState[]): PushPull => ({
      type: "pushPull",
      join: true,
      nodes,
      userState: bytes("0102"),
    });
    const head = (count: number): Uint8Array => {
      const tail = count < 128 ? [count] : count < 256 ? [0xcc, count] : [0xcd, count >> 8, count & 255];
      return concat(bytes("0683a44a6f696ec3a54e6f646573"), tail, bytes("ac557365725374617465 4c656e02"));
    };
    const alone = (node: NodeState): Uint8Array => c.encode(one([node])).slice(head(1).length, -2);
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(30), fc.constantFrom(2_047, 2_048, 2_049, 4_097)),
        fc.constantFrom(0, 300, 30_000, 90_000),
        fc.nat(30),
        (count, size, at) => {
          const nodes = Array.from({ length: count }, (_, index) => entry(index, index === at ? size : 0));
          const { count: steps, result } = slices(c.encodeState(one(nodes)));
          const wanted = [head(count), ...nodes.map(alone), bytes("0102")];
          expect(base64(Buffer.concat(result)) === base64(Buffer.concat(wanted))).toBe(true);
          expect(base64(c.encode(one(nodes))) === base64(Buffer.concat(wanted))).toBe(true);
          expect(steps).toBeGreaterThanOrEqual(Math.ceil(count / 2_048));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("that is small is encoded and sealed in one slice", () => {
    const c = codec({ compression: true, keys: [key] });
    const nodes = Array.from({ length: 500 }, (_, index) => entry(index, 0));
    const state = c.encodeState({ type: "pushPull", join: false, nodes, userState: new Uint8Array(20_000) });
    const encoded = slices(state);
    const frame = slices(c.sealPieces(encoded.result, { labelHeader: true, encrypt: true }));
    expect([encoded.count, frame.count]).toEqual([1, 1]);
    expect(finish(c.sealPieces([utf8("x")], { labelHeader: true, encrypt: true })).length).toBeGreaterThan(
      29,
    );
  });
});
