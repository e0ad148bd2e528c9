/** AES-GCM as the WebAssembly module does it, without anything around. */

import { expect } from "vitest";
import { SealFlag } from "../../../src/core/wire/abi.ts";
import { Engine } from "../../../src/core/wire/engine.ts";
import type { Build } from "../../../src/core/wire/module.ts";
import { hex } from "./support.ts";

/** What is sealed, and with what. */
export interface Gcm {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly text: Uint8Array;
}

/** AES-GCM by a build of the module. The label is the authenticated data, so that has at most 255 bytes. */
export function moduleSeal({ key, nonce, aad, text }: Gcm, build?: Build): Uint8Array {
  const engine = new Engine({
    label: aad,
    keys: [key],
    inputSize: text.length,
    outputSize: 0,
    outputLimit: 0,
    ...(build !== undefined && { build }),
  });
  engine.bytes.set(nonce, engine.run.nonce());
  engine.bytes.set(text, engine.input);
  engine.words[engine.recordsWord] = text.length;
  const length = engine.run.seal(1, SealFlag.encrypt);
  const packet = engine.copy(engine.run.result(), length);
  const header = aad.length === 0 ? 0 : 2 + aad.length;
  expect(hex(packet.subarray(header + 1, header + 13))).toBe(hex(nonce));
  return packet.subarray(header + 13);
}
