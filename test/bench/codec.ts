/**
 * The time of the codec beside other people's ciphers and MessagePack, in microseconds: `node:crypto`,
 * `@noble/ciphers` and `msgpackr`. Runs unchanged on Deno, Bun and Node 24. Those that are compared take
 * turns, so that noise affects all of them; `go_codec.ts` measures Go's on the same bytes. `--json=FILE` writes the figures to a file, too.
 */

import { createCipheriv, createDecipheriv } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import { gcm } from "@noble/ciphers/aes.js";
import { Packr } from "msgpackr";
import type { Codec } from "../../src/core/wire/codec.ts";
import { FrameReader } from "../../src/core/wire/frame.ts";
import type { Alive } from "../../src/core/wire/messages.ts";
import {
  alive,
  codec,
  compound,
  encodedAlive,
  key,
  message,
  nodes,
  plain,
  random,
  sealedAlive,
  sealedCompound,
  sizes,
  squeezing,
  state,
  userMessage,
} from "./codec_inputs.ts";
import { type Contender, measure } from "./measure.ts";
import { Results } from "./results.ts";

const { values } = parseArgs({ options: { json: { type: "string" } } });
const results: Results = new Results();

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

function nobleSeal(text: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  random.bytes(nonce);
  return gcm(key, nonce).encrypt(text);
}

function nobleOpen(packet: Uint8Array): Uint8Array {
  return gcm(key, packet.subarray(1, 13)).decrypt(packet.subarray(13));
}

function row(name: string, contenders: readonly Contender[]): void {
  for (const [index, time] of measure(contenders).entries()) results.set(name, contenders[index]!.name, time);
}

for (const size of sizes) {
  const text = userMessage(size);
  const options = { crc: false, encrypt: true };
  row(`seal ${size} B`, [
    { name: "codec", run: () => codec.seal([text], options) },
    { name: "node:crypto", run: () => nodeSeal(text) },
    { name: "noble", run: () => nobleSeal(text) },
  ]);
  const sealed = codec.seal([text], options);
  row(`open ${size} B`, [
    { name: "codec", run: () => codec.open(sealed, { verifyIncoming: true }) },
    { name: "node:crypto", run: () => nodeOpen(sealed) },
    { name: "noble", run: () => nobleOpen(sealed) },
  ]);
}

/** The same objects as Go encodes them: as maps with the names of fields. */
const packr: Packr = new Packr({ useRecords: false, variableMapSize: true });
const aliveObject = goAlive(alive);
const packedAlive = packr.pack(aliveObject).slice();
row("encode alive", [
  { name: "codec", run: () => plain.encode(alive) },
  { name: "msgpackr", run: () => packr.pack(aliveObject) },
]);
row("open alive", [
  { name: "codec", run: () => plain.open(encodedAlive, { verifyIncoming: true }) },
  { name: "msgpackr", run: () => packr.unpack(packedAlive) },
]);
row("send alive, encrypted", [
  { name: "codec", run: () => codec.sealMessage(alive, { crc: true, encrypt: true }) },
]);
row("receive alive, encrypted", [
  { name: "codec", run: () => codec.open(sealedAlive, { verifyIncoming: true }) },
]);
row("open compound of 12", [{ name: "codec", run: () => plain.open(compound, { verifyIncoming: true }) }]);
row("open compound of 12, encrypted", [
  { name: "codec", run: () => codec.open(sealedCompound, { verifyIncoming: true }) },
]);

const options = { labelHeader: false, encrypt: false };
const frame = squeezing.sealStream(state, options);
const plainFrame = plain.sealStream(state, options);
const stateObject = { Nodes: nodes.length, UserStateLen: 1000, Join: false, All: nodes.map(goAlive) };
const packedState = packr.pack(stateObject).slice();
row("encode push/pull of 1,000", [
  { name: "codec", run: () => plain.encode(message) },
  { name: "msgpackr", run: () => packr.pack(stateObject) },
]);
row("open push/pull of 1,000", [
  { name: "codec", run: () => read(plain, plainFrame) },
  { name: "msgpackr", run: () => packr.unpack(packedState) },
]);
row("compress it (LZW)", [{ name: "codec", run: () => squeezing.sealStream(state, options) }]);
row("decompress and open it", [{ name: "codec", run: () => read(squeezing, frame) }]);

const { bun, deno, node } = process.versions;
const engine = bun === undefined ? (deno === undefined ? `Node ${node}` : `Deno ${deno}`) : `Bun ${bun}`;
console.log(`${engine}, microseconds, AES-256`);
console.log(results.text());
results.save(values.json);

function goAlive({ incarnation, node: name, address, port, meta, versions }: Omit<Alive, "type">): object {
  return { Incarnation: incarnation, Node: name, Addr: address, Port: port, Meta: meta, Vsn: versions };
}

function read(by: Codec, bytes: Uint8Array): unknown {
  const reader = new FrameReader(by, { accepting: true, verifyIncoming: true });
  let message = reader.push(bytes);
  while (message === undefined && reader.large) message = reader.decode();
  if (message === undefined) throw new Error("the frame is not whole");
  return message;
}
