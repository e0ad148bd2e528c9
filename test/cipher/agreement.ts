/**
 * Whether the packet cipher agrees with the runtime's own AES-GCM on random inputs: keys, lengths of
 * text and additional data, both directions, and packets in which one bit was changed. Stops after
 * some number of inputs: `npm run agreement -- --count=100000`. Runs unchanged on Deno, Bun and
 * Node 24.
 */

import { createCipheriv, getCiphers, randomFillSync, randomInt } from "node:crypto";
import process from "node:process";
import { DropCode, SealFlag, Size, Slot } from "../../src/core/wire/abi.ts";
import { Engine } from "../../src/core/wire/engine.ts";
import { type Build, builds } from "../../src/core/wire/module.ts";

const random = (size: number): Uint8Array => randomFillSync(new Uint8Array(size));
const userType = 8;
const inputMax = 65_536;
/** How many inputs there are with the same keys. */
const inputsPerKeys = 500;

/** A sealed packet: what went into it, and where its envelopes end. */
interface Sealed {
  readonly text: Uint8Array;
  readonly packet: Uint8Array;
  /** The length of the label header, which is not authenticated itself. */
  readonly header: number;
}

/** Tries `count` inputs with one build. Throws an Error at the first disagreement. */
function compare(build: Build, count: number): void {
  // Deno has no AES-192-GCM of its own.
  const sizes = [16, 24, 32].filter((size) => getCiphers().includes(`aes-${8 * size}-gcm`) || size !== 24);
  for (let done = 0; done < count; done += inputsPerKeys) {
    const key = random(sizes[randomInt(sizes.length)]!);
    const label = random(randomInt(2) * randomInt(Size.labelMax + 1));
    const setup = { label, inputSize: inputMax, outputSize: 0, outputLimit: 0, build };
    const sender = new Engine({ ...setup, keys: [key] });
    const receiver = new Engine({ ...setup, keys: [random(32), key] });
    for (let index = 0; index < Math.min(inputsPerKeys, count - done); index++) {
      const sealed = seal(sender, label, randomInt(100) === 0 ? randomInt(60_000) : randomInt(1_500));
      check(sealed.packet.subarray(sealed.header + 13), expectedOf(key, label, sealed), "sealed");
      checkOpened(receiver, sealed);
    }
  }
}

function seal(engine: Engine, label: Uint8Array, size: number): Sealed {
  const text = Uint8Array.of(userType, ...random(size));
  randomFillSync(engine.nonce);
  engine.bytes.set(text, engine.input);
  engine.words[engine.recordsWord] = text.length;
  const length = engine.run.seal(1, SealFlag.encrypt);
  const header = label.length === 0 ? 0 : 2 + label.length;
  return { text, packet: engine.copy(engine.run.result(), length), header };
}

function expectedOf(key: Uint8Array, label: Uint8Array, { text, packet, header }: Sealed): Uint8Array {
  const nonce = packet.subarray(header + 1, header + 13);
  const cipher = createCipheriv(`aes-${8 * key.length}-gcm` as "aes-256-gcm", key, nonce);
  cipher.setAAD(label);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function checkOpened(engine: Engine, { text, packet, header }: Sealed): void {
  const changed = packet.slice();
  const bit = randomInt(8 * (header + 1), 8 * packet.length);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  engine.bytes.set(changed, engine.input);
  if (engine.run.open(changed.length, 1) !== DropCode.undecryptable)
    throw new Error("a changed packet was opened");
  check(engine.copy(engine.input, changed.length), changed, "refused");

  engine.bytes.set(packet, engine.input);
  if (engine.run.open(packet.length, 1) !== 1) throw new Error("a packet was not opened");
  const at = engine.words[engine.recordsWord + Slot.extra]!;
  const length = engine.words[engine.recordsWord + Slot.extra + 1]! - 1;
  check(engine.copy(at, length), text.subarray(1), "opened");
}

function check(found: Uint8Array, expected: Uint8Array, what: string): void {
  if (!Buffer.from(found).equals(expected)) throw new Error(`${what} bytes differ, of ${expected.length}`);
}

const countArgument = process.argv.find((argument) => argument.startsWith("--count="));
const count = Number(countArgument?.slice("--count=".length) ?? 100_000);
for (const build of builds) {
  compare(build, count);
  console.log(`${build} build: ${count} random packets agree with node:crypto`);
}
