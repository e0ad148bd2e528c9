/**
 * Encryption keys as people write them, in base64, and their sizes. One reader for flags, files,
 * options and commands.
 */

import { SerfError } from "../errors.ts";
import { Base64Error, decodeBase64 } from "./base64.ts";

/** Bytes that a key may have: AES-128, AES-192 or AES-256. */
export const keySizes: readonly number[] = [16, 24, 32];

/**
 * Decodes a key of any size; line breaks are skipped. ERR_KEY with Go's text: `illegal base64 data
 * at input byte 4`.
 */
export function decodeKey(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (error) {
    if (!(error instanceof Base64Error)) throw error;
    throw new SerfError("ERR_KEY", error.message, { cause: error });
  }
}

/** ERR_KEY if a key has another size than AES takes; `attempt` begins the message. */
export function checkKeySize(key: Uint8Array, attempt: string): void {
  if (keySizes.includes(key.length)) return;
  throw new SerfError("ERR_KEY", `${attempt}: key size must be 16, 24 or 32 bytes`);
}

/** Decodes a key and checks its size. ERR_KEY, with memberlist's text for the size. */
export function parseKey(text: string): Uint8Array {
  const key = decodeKey(text);
  checkKeySize(key, "Failed to create memberlist");
  return key;
}
