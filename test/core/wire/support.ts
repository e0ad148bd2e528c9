/**
 * What the tests of this folder share: hexadecimal, fixed and seeded randomness, and codecs made of them.
 */

import { Random } from "../../../src/core/random.ts";
import { Codec, type CodecOptions } from "../../../src/core/wire/codec.ts";
import { WireError } from "../../../src/core/wire/error.ts";
import type { FrameReader } from "../../../src/core/wire/frame.ts";
import type { StreamMessage } from "../../../src/core/wire/messages.ts";

/** Bytes from hexadecimal text; spaces are ignored. */
export function bytes(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Hexadecimal text of bytes. */
export function hex(value: Uint8Array): string {
  return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Joins bytes. */
export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Randomness that repeats the same bytes. */
export function fixedRandom(value: Uint8Array): Random {
  return new Random((pool) => {
    for (let index = 0; index < pool.length; index++) pool[index] = value[index % value.length]!;
  });
}

/** Bytes of the linear congruential generator that the vectors of the spec use: the third byte of each state. */
export function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) & 255;
  };
}

/** A seeded generator of 32-bit integers (xorshift). */
export function seeded(seed: number): (bound: number) => number {
  let state = seed | 0 || 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** The key and nonce of the spec's vectors. */
export const vectorKey: Uint8Array = bytes("000102030405060708090a0b0c0d0e0f");
export const vectorNonce: Uint8Array = bytes("101112131415161718191a1b");

/** A codec that draws the nonce of the vectors; without label, compression or keys by default. */
export function codec(
  options: Partial<CodecOptions> & { readonly keys?: readonly Uint8Array[] } = {},
): Codec {
  const { keys = [], ...others } = options;
  const made = new Codec({
    label: "",
    compression: false,
    encryptionVersion: 1,
    random: fixedRandom(vectorNonce),
    ...others,
  });
  made.setKeys(keys);
  return made;
}

/** The WireError that a function throws. */
export function refusal(run: () => unknown): WireError {
  try {
    run();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Gives a reader bytes and decodes all parts of a large message. Returns the message if it is complete. */
export function receive(reader: FrameReader, chunk: Uint8Array): StreamMessage | undefined {
  let message = reader.push(chunk);
  while (reader.large) message = reader.decode();
  return message;
}
