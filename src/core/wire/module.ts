/**
 * The compiled WebAssembly module. There are two builds of one source: with relaxed SIMD, which
 * makes the ciphers faster, and with plain SIMD, for runtimes that have no other, such as Node 20.
 */

import { plainBase64, relaxedBase64 } from "../../../wasm/module.ts";

/** A build of the module. */
export type Build = "plain" | "relaxed";

const relaxed: Uint8Array<ArrayBuffer> = bytesOf(relaxedBase64);

/** The builds that this runtime can run, the fastest first. */
export const builds: readonly Build[] = WebAssembly.validate(relaxed) ? ["relaxed", "plain"] : ["plain"];

const fastest: WebAssembly.Module = compile(builds[0]);

/** Returns the exports of a new instance, of the fastest build unless another one is given. */
export function instantiate(build?: Build): unknown {
  const compiled = build === undefined || build === builds[0] ? fastest : compile(build);
  return new WebAssembly.Instance(compiled).exports;
}

function compile(build: Build | undefined): WebAssembly.Module {
  return new WebAssembly.Module(build === "relaxed" ? relaxed : bytesOf(plainBase64));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}
