/**
 * The compiled WebAssembly module. There are two builds of one source: with relaxed SIMD, which
 * makes the ciphers faster, and with plain SIMD, for runtimes that have no other, such as Node 20.
 */

import { plainPatch, relaxedText } from "../../../wasm/module.ts";
import { bytesOfText } from "./text.ts";

/** A build of the module. */
export type Build = "plain" | "relaxed";

/** The smallest module with an instruction of relaxed SIMD, `i8x16.relaxed_swizzle` of two zeros. */
const probe: Uint8Array<ArrayBuffer> = new Uint8Array([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  // A type without parameters that returns a vector, and one function of it.
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  // Its code: two times 0 as a vector, the instruction, and the end.
  ...[0x0a, 0x0f, 0x01, 0x0d, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x80, 0x02, 0x0b],
]);

/** The builds that this runtime can run, the fastest first. */
export const builds: readonly Build[] = WebAssembly.validate(probe) ? ["relaxed", "plain"] : ["plain"];

const fastest: WebAssembly.Module = compile(builds[0]);

/** Returns the exports of a new instance, of the fastest build unless another one is given. */
export function instantiate(build?: Build): unknown {
  const compiled = build === undefined || build === builds[0] ? fastest : compile(build);
  return new WebAssembly.Instance(compiled).exports;
}

/** Returns the bytes of a build. */
export function bytesOf(build: Build | undefined): Uint8Array<ArrayBuffer> {
  const relaxed = bytesOfText(relaxedText);
  return build === "relaxed" ? relaxed : patched(relaxed);
}

/** Makes the plain build of the other one. */
function patched(relaxed: Uint8Array): Uint8Array<ArrayBuffer> {
  const [size, ...pieces]: [number, ...(number | number[])[]] = JSON.parse(plainPatch);
  const plain = new Uint8Array(size);
  let written = 0;
  for (let at = 0; at < pieces.length; at++) {
    const piece = pieces[at]!;
    // A number is a place, and the one behind it the length.
    const bytes =
      typeof piece === "number" ? relaxed.subarray(piece, piece + (pieces[++at] as number)) : piece;
    plain.set(bytes, written);
    written += bytes.length;
  }
  return plain;
}

function compile(build: Build | undefined): WebAssembly.Module {
  return new WebAssembly.Module(bytesOf(build));
}
