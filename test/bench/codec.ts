/**
 * The time of the codec compared with the runtime's own crypto: prints medians in microseconds and
 * their ratio. Runs unchanged on Deno, Bun and Node 24. Candidates take turns, so that noise
 * affects all of them.
 */

import { createCipheriv, createDecipheriv, randomFillSync } from "node:crypto";
import process from "node:process";
import { Random } from "../../src/core/random.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import { FrameReader } from "../../src/core/wire/frame.ts";
import type { Alive, PacketMessage } from "../../src/core/wire/messages.ts";

interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
}

const warmUpMs = 300;
const sampleMs = 4;
const sampleCount = 31;

function repeat(run: () => unknown, count: number): number {
  const start = performance.now();
  for (let index = 0; index < count; index++) run();
  return performance.now() - start;
}

/** Median microseconds of one run, for each candidate. */
function measure(candidates: readonly Candidate[]): number[] {
  const counts = candidates.map(({ run }) => {
    const end = performance.now() + warmUpMs;
    let runs = 0;
    while (performance.now() < end) {
      for (let index = 0; index < 100; index++) run();
      runs += 100;
    }
    return Math.max(1, Math.round((runs * sampleMs) / warmUpMs));
  });
  const samples: number[][] = candidates.map(() => []);
  for (let sample = 0; sample < sampleCount; sample++) {
    for (const [index, { run }] of candidates.entries()) {
      samples[index]!.push((repeat(run, counts[index]!) * 1000) / counts[index]!);
    }
  }
  return samples.map((list) => list.sort((a, b) => a - b)[sampleCount >> 1]!);
}

const random: Random = new Random((pool) => randomFillSync(pool));
const key: Uint8Array = new Uint8Array(32).fill(7);
const codec: Codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
codec.setKeys([key]);
const plain: Codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });

function nodeSeal(text: Uint8Array): Uint8Array {
  const packet = new Uint8Array(29 + text.length);
  const nonce = packet.subarray(1, 13);
  packet[0] = 1;
  random.bytes(nonce);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  packet.set(cipher.update(text), 13);
  cipher.final();
  packet.set(cipher.getAuthTag(), 13 + text.length);
  return packet;
}

function nodeOpen(packet: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-256-gcm", key, packet.subarray(1, 13));
  decipher.setAuthTag(packet.subarray(packet.length - 16));
  const text = decipher.update(packet.subarray(13, packet.length - 16));
  decipher.final();
  return text;
}

function row(name: string, candidates: readonly Candidate[]): void {
  const times = measure(candidates);
  const text = times.map((time, index) => `${candidates[index]!.name} ${time.toFixed(3)}`).join("   ");
  const ratio = times.length > 1 ? `   ${(times[1]! / times[0]!).toFixed(2)}x` : "";
  console.log(`${name.padEnd(28)} ${text}${ratio}`);
}

console.log(`${process.release?.name ?? "runtime"} ${process.version}, microseconds, AES-256`);
for (const size of [64, 256, 1400]) {
  const text = codec.encode({ type: "user", payload: new Uint8Array(size - 1).fill(1) });
  const options = { crc: false, encrypt: true };
  row(`seal ${size} B`, [
    { name: "codec", run: () => codec.seal([text], options) },
    { name: "node:crypto", run: () => nodeSeal(text) },
  ]);
  const sealed = codec.seal([text], options);
  row(`open ${size} B`, [
    { name: "codec", run: () => codec.open(sealed, { verifyIncoming: true }) },
    { name: "node:crypto", run: () => nodeOpen(sealed) },
  ]);
}

const alive: Alive = {
  type: "alive",
  incarnation: 70_000,
  node: "web-1.example.io",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: new Uint8Array(60).fill(9),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 5),
};
const suspect: PacketMessage = {
  type: "suspect",
  incarnation: 9,
  node: "web-2.example.io",
  from: "web-3.example.io",
};
const gossip = [...new Array(6).fill(alive), ...new Array(6).fill(suspect)].map((message) =>
  plain.encode(message),
);
const one = plain.encode(alive);
const compound = plain.seal(gossip, { crc: true, encrypt: false });
const encrypted = codec.seal(gossip, { crc: true, encrypt: true });
row("encode alive", [{ name: "codec", run: () => plain.encode(alive) }]);
row("open alive", [{ name: "codec", run: () => plain.open(one, { verifyIncoming: true }) }]);
row(`open compound ${compound.length} B`, [
  { name: "codec", run: () => plain.open(compound, { verifyIncoming: true }) },
]);
row(`open encrypted ${encrypted.length} B`, [
  { name: "codec", run: () => codec.open(encrypted, { verifyIncoming: true }) },
]);

const squeezing: Codec = new Codec({ label: "", compression: true, encryptionVersion: 1, random });
const nodes = Array.from({ length: 1000 }, (_, index) => ({
  ...alive,
  node: `web-${index}.example.io`,
  state: 0,
}));
const state = squeezing.encode({ type: "pushPull", join: false, nodes, userState: new Uint8Array(1000) });
const frame = squeezing.sealStream(state, { labelHeader: false, encrypt: false });
row("seal push/pull of 1000", [
  { name: "codec", run: () => squeezing.sealStream(state, { labelHeader: false, encrypt: false }) },
]);
row("open push/pull of 1000", [
  {
    name: "codec",
    run: () => new FrameReader(squeezing, { accepting: true, verifyIncoming: true }).push(frame),
  },
]);
