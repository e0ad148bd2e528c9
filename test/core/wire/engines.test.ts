/** Which WebAssembly instance is used for what, and what is left in its memory. */

import { describe, expect, test } from "vitest";
import type { Engine } from "../../../src/core/wire/engine.ts";
import { Engines } from "../../../src/core/wire/engines.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import { Limits } from "../../../src/core/wire/limits.ts";
import { codec, receive, utf8, vectorKey } from "./support.ts";

const large = Limits.packet + 1;

function engines(keys: readonly Uint8Array[] = []): Engines {
  const created = new Engines(new Uint8Array(0));
  created.setKeys(keys);
  return created;
}

/** How often a text is in the memory of an instance. */
function occurrences(engine: Engine, text: string): number {
  return Buffer.from(engine.bytes).toString("latin1").split(text).length - 1;
}

describe("a large instance", () => {
  test("is kept for the next frame that fits it, and not used twice at a time", () => {
    const all = engines();
    const first = all.takeLarge(large, 0);
    const second = all.takeLarge(large, 0);
    expect(second).not.toBe(first);
    all.giveBack(first);
    expect(all.takeLarge(large + 1_000, 100_000)).toBe(first);
    all.giveBack(first);
    expect(all.takeLarge(2_000_000, 0)).not.toBe(first);
  });

  test("is dropped if its memory has grown too large", () => {
    const all = engines();
    const first = all.takeLarge(5_000_000, 0);
    all.giveBack(first);
    expect(all.takeLarge(large, 0)).not.toBe(first);
  });

  test("is not used with another key ring, and keeps nothing of the old one", () => {
    const all = engines([vectorKey]);
    const [used, kept] = [all.takeLarge(large, 0), all.takeLarge(large, 0)];
    all.giveBack(kept);
    all.setKeys([new Uint8Array(16)]);
    all.giveBack(used);
    for (const engine of [used, kept]) {
      expect(engine.bytes.every((byte) => byte === 0)).toBe(true);
      expect(all.takeLarge(large, 0)).not.toBe(engine);
    }
  });

  test("is not needed for what fits the permanent one", () => {
    const all = engines();
    expect(all.take(Limits.packet, Limits.packetDecompressed)).toBe(all.permanent);
    expect(all.take(Limits.packet + 1, 0)).not.toBe(all.permanent);
    expect(all.take(0, Limits.packetDecompressed + 1)).not.toBe(all.permanent);
  });
});

describe("an instance that is given back", () => {
  const secret = "a text that nobody else may read";
  const options = { labelHeader: false, encrypt: true };

  for (const size of [100, 3_000, 100_000]) {
    test(`holds nothing of a frame of ${size} bytes that it sealed or opened`, () => {
      const all = engines([vectorKey]);
      for (const compression of [false, true]) {
        const text = utf8(secret.repeat(Math.ceil(size / secret.length)));
        const sender = codec({ keys: [vectorKey], compression });
        const frame = sender.sealStream(sender.encodeStreamUser(text), options);
        const engine = all.takeLarge(text.length + 100, 2 * text.length);

        engine.write(frame, engine.input);
        expect(engine.run.openFrame(frame.length)).toBeGreaterThan(text.length);
        expect(occurrences(engine, secret)).toBeGreaterThan(0);
        all.giveBack(engine);
        expect(occurrences(engine, secret)).toBe(0);

        engine.write(text, engine.input);
        expect(engine.run.sealFrame(text.length, compression ? 1 : 0, 0)).toBeGreaterThan(0);
        expect(occurrences(engine, secret)).toBeGreaterThan(0);
        all.giveBack(engine);
        expect(occurrences(engine, secret)).toBe(0);
        expect(engine.bytes.subarray(engine.input).every((byte) => byte === 0)).toBe(true);
      }
    });
  }

  test("holds nothing of packets, nor of a message that was encoded, nor of one that is malformed", () => {
    const all = engines();
    const engine = all.permanent;
    const isEmpty = (): boolean => engine.bytes.subarray(engine.input).every((byte) => byte === 0);
    const c = codec({ compression: true });
    const user = c.encode({ type: "user", payload: utf8(secret.repeat(20)) });
    const packet = c.seal([user], { crc: true, encrypt: false });
    for (const length of [packet.length, packet.length - 9]) {
      engine.write(packet.subarray(0, length), engine.input);
      engine.run.open(length, 0);
      expect(isEmpty()).toBe(false);
      all.giveBack(engine);
      expect(isEmpty()).toBe(true);
    }
    engine.write(utf8(secret), engine.output);
    engine.words[engine.draftWord + 13] = engine.output;
    engine.words[engine.draftWord + 14] = secret.length + 1;
    engine.run.encode(2, secret.length);
    expect(occurrences(engine, secret)).toBe(2);
    all.giveBack(engine);
    expect(isEmpty()).toBe(true);
  });
});

test("large frames that are read at the same time do not disturb each other", () => {
  const c = codec({ keys: [vectorKey] });
  const payloads = [1, 2, 3].map((fill) => new Uint8Array(1_200_000).fill(fill));
  const frames = payloads.map((payload) =>
    c.sealStream(c.encodeStreamUser(payload), { labelHeader: true, encrypt: true }),
  );
  for (let round = 0; round < 2; round++) {
    const readers = frames.map((frame) => {
      const reader = new FrameReader(c, { accepting: true, verifyIncoming: true });
      reader.push(frame);
      return reader;
    });
    const found = readers.map(() => undefined as Uint8Array | undefined);
    for (let turn = 0; turn < 20 && found.includes(undefined); turn++) {
      for (const [index, reader] of readers.entries()) {
        if (!reader.large) continue;
        const message = reader.decode();
        if (message?.type === "user") found[index] = message.payload;
      }
    }
    const isSame = (payload: Uint8Array | undefined, index: number): boolean =>
      payload !== undefined && Buffer.from(payload).equals(payloads[index]!);
    expect(found.map(isSame)).toEqual([true, true, true]);
  }
  expect(receive(new FrameReader(c, { accepting: true, verifyIncoming: true }), frames[0]!)?.type).toBe(
    "user",
  );
});
