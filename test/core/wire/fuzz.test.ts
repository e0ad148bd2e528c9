/**
 * Random and damaged bytes: whatever the input, the result is messages, faults or a WireError, and
 * memory does not grow. The seed and the number of rounds come from `TSERF_FUZZ_SEED` and
 * `TSERF_FUZZ_ROUNDS`.
 */

import { expect, test } from "vitest";
import type { Codec } from "../../../src/core/wire/codec.ts";
import { WireError } from "../../../src/core/wire/error.ts";
import { FrameReader } from "../../../src/core/wire/frame.ts";
import { messages, packet, stream } from "../../golden/wire/vectors.ts";
import { bytes, codec, concat, receive, seeded, vectorKey } from "./support.ts";

const { TSERF_FUZZ_SEED = "20240917", TSERF_FUZZ_ROUNDS = "10000" } = process.env;
const seed = Number(TSERF_FUZZ_SEED);
const rounds = Number(TSERF_FUZZ_ROUNDS);
const timeout = 20_000 + rounds;
/** How much the process may grow: garbage that is not yet collected, but no instance that stays. */
const growthMax = 128 * 1024 * 1024;

type Draw = (bound: number) => number;

function damage(original: Uint8Array, draw: Draw): Uint8Array {
  let damaged: Uint8Array = original.slice();
  for (let edits = draw(6); edits >= 0; edits--) {
    const at = draw(damaged.length || 1);
    const kind = draw(6);
    if (kind === 0) damaged[at] = draw(256);
    else if (kind === 1) damaged[at]! ^= 1 << draw(8);
    else if (kind === 2) damaged = damaged.slice(0, at);
    else if (kind === 3) damaged = concat(damaged.subarray(0, at), [draw(256)], damaged.subarray(at));
    else if (kind === 4) damaged = concat(damaged, damaged.subarray(at));
    else damaged[at] = [0xc0, 0xc1, 0xdb, 0xdd, 0xdf, 0xff, 0x9f, 0x07, 0x09, 0xf4][draw(10)]!;
  }
  return damaged.subarray(0, 65_536);
}

function noise(draw: Draw): Uint8Array {
  const random = Uint8Array.from({ length: draw(400) }, () => draw(256));
  if (random.length > 0) random[0] = draw(16);
  return random;
}

/**
 * Damages the plaintext before it is sealed half of the time, so that the checks of the outer
 * layers do not hide the inner ones.
 */
function samples(
  c: Codec,
  goldens: readonly Uint8Array[],
  seal: (text: Uint8Array) => Uint8Array,
): (draw: Draw) => Uint8Array {
  return (draw) => {
    const text = draw(8) === 0 ? noise(draw) : goldens[draw(goldens.length)]!;
    const kind = draw(3);
    if (kind === 0) return damage(text, draw);
    const inner = damage(text, draw);
    if (!c.encrypted) return inner;
    return kind === 1 ? seal(inner) : damage(seal(inner), draw);
  };
}

/** Runs `step`, lets nothing but a WireError pass, and returns whether it succeeded. */
function survives(step: () => void): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}

const codecs: readonly Codec[] = [
  codec(),
  codec({ keys: [new Uint8Array(32), vectorKey], label: "lab", compression: true }),
];

test(`packets of any kind do no harm (seed ${seed}, ${rounds} rounds)`, { timeout }, () => {
  const goldens = [...Object.values(messages), ...Object.values(packet)].map(bytes);
  const draw = seeded(seed);
  const before = process.memoryUsage().rss;
  let opened = 0;
  for (let round = 0; round < rounds; round++) {
    const c = codecs[round & 1]!;
    const sample = samples(c, goldens, (text) => c.seal([text], { crc: draw(2) === 0, encrypt: true }))(draw);
    if (survives(() => c.open(sample, { verifyIncoming: draw(2) === 0 }))) opened += 1;
  }
  expect(opened).toBeGreaterThan(rounds / 10);
  expect(process.memoryUsage().rss - before).toBeLessThan(growthMax);
  const suspect = bytes(messages.suspect);
  expect(codecs[0]!.open(suspect, { verifyIncoming: true }).messages).toHaveLength(1);
});

test(`streams of any kind do no harm (seed ${seed}, ${rounds} rounds)`, { timeout }, () => {
  const goldens = [...Object.values(stream), messages.ping, messages.ackPayload].map(bytes);
  const draw = seeded(seed + 1);
  const before = process.memoryUsage().rss;
  let whole = 0;
  for (let round = 0; round < rounds; round++) {
    const c = codecs[round & 1]!;
    const options = { labelHeader: draw(2) === 0, encrypt: true };
    const sample = samples(c, goldens, (text) => c.sealStream(text, options))(draw);
    survives(() => {
      const reader = new FrameReader(c, { accepting: draw(2) === 0, verifyIncoming: draw(2) === 0 });
      for (let at = 0; at < sample.length; ) {
        const size = 1 + draw(100);
        if (receive(reader, sample.subarray(at, at + size)) !== undefined) whole += 1;
        at += size;
      }
      reader.end();
    });
  }
  expect(whole).toBeGreaterThan(rounds / 100);
  expect(process.memoryUsage().rss - before).toBeLessThan(growthMax);
  expect(
    new FrameReader(codecs[0]!, { accepting: true, verifyIncoming: true }).push(bytes(stream.pushPull)),
  ).toBeDefined();
});
