/**
 * The compiled WebAssembly module. There are two builds of one source: with relaxed SIMD, which
 * makes the ciphers faster, and with plain SIMD, for runtimes that have no other, such as Node 20.
 */

import { plainWords, relaxedWords } from "../../../wasm/module.ts";

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
  const numbers: number[] = JSON.parse(build === "relaxed" ? relaxedWords : plainWords);
  const words = new Int32Array(numbers);
  // The first number is the size.
  return new Uint8Array(words.buffer, words.BYTES_PER_ELEMENT, numbers[0]);
}

function compile(build: Build | undefined): WebAssembly.Module {
  return new WebAssembly.Module(bytesOf(build));
}
