/** The cipher of the module against the vectors of Project Wycheproof: chosen nonces and tags, counters that wrap. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DropCode } from "../../../src/core/wire/abi.ts";
import { Engine } from "../../../src/core/wire/engine.ts";
import { type Build, builds } from "../../../src/core/wire/module.ts";
import { gcmSeal } from "../../reference/aes_gcm.ts";
import { moduleSeal } from "./gcm.ts";
import { bytes, concat, hex } from "./support.ts";

type Case = readonly [
  id: number,
  remark: string,
  key: string,
  nonce: string,
  aad: string,
  text: string,
  sealed: string,
  isValid: boolean,
];

const cases = JSON.parse(
  readFileSync(new URL("../../golden/cipher/wycheproof.json", import.meta.url), "utf8"),
) as readonly Case[];

/** Opens a packet: whether the module takes its tag for right. */
function accepts(key: Uint8Array, label: Uint8Array, packet: Uint8Array, build: Build): boolean {
  const engine = new Engine({
    label,
    keys: [key],
    inputSize: packet.length,
    outputSize: 0,
    outputLimit: 0,
    build,
  });
  engine.bytes.set(packet, engine.input);
  return engine.run.open(packet.length, 1) !== DropCode.undecryptable;
}

describe.each(builds)("AES-GCM of the %s build, Wycheproof's case", (build) => {
  it.each(cases)("%i: %s", (_id, _remark, key, nonce, aad, text, sealed, isValid) => {
    const input = { key: bytes(key), nonce: bytes(nonce), aad: bytes(aad), text: bytes(text) };
    expect(hex(moduleSeal(input, build)) === sealed).toBe(isValid);
    expect(hex(gcmSeal(input.key, input.nonce, input.aad, input.text)) === sealed).toBe(isValid);
    const header = aad === "" ? [] : [244, input.aad.length, ...input.aad];
    const packet = concat(header, [1], input.nonce, bytes(sealed));
    expect(accepts(input.key, input.aad, packet, build)).toBe(isValid);
  });
});
