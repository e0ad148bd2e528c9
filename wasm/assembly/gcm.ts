/**
 * AES-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags, in place.
 */

import { applyBlock, applyKeyStream, expandKey } from "./aes";
import { absorb, expandHashKey, finish, start } from "./ghash";
import { countKey, KEY_SIZE, keyCount, keys } from "./memory";

const block: usize = memory.data(16, 16);
const zeroNonce: usize = memory.data(16, 16);

/** Installs the key of 16, 24 or 32 bytes at `key` after the others. */
export function installKey(key: usize, length: u32): void {
  const context = keyAt(keyCount);
  countKey();
  expandKey(context, key, length);
  memory.fill(block, 0, 16);
  applyBlock(context, zeroNonce, 0, block);
  expandHashKey(context, block);
  memory.fill(block, 0, 16);
}

/** Returns the context of the key at `index` in ring order. */
export function keyAt(index: u32): usize {
  return keys + <usize>index * KEY_SIZE;
}

/**
 * Encrypts `length` bytes at `text` and writes the tag after them. Up to 63 bytes after the text
 * are overwritten.
 */
export function encrypt(
  context: usize,
  nonce: usize,
  aad: usize,
  aadLength: u32,
  text: usize,
  length: u32,
): void {
  applyKeyStream(context, nonce, 2, text, length);
  v128.store(text + length, tagOf(context, nonce, aad, aadLength, text, length));
}

/**
 * Decrypts `length` bytes at `text` if the tag after them is right. Otherwise returns false and
 * changes nothing.
 */
export function decrypt(
  context: usize,
  nonce: usize,
  aad: usize,
  aadLength: u32,
  text: usize,
  length: u32,
): bool {
  const expected = tagOf(context, nonce, aad, aadLength, text, length);
  if (v128.any_true(v128.xor(expected, v128.load(text + length)))) return false;
  applyKeyStream(context, nonce, 2, text, length);
  return true;
}

function tagOf(context: usize, nonce: usize, aad: usize, aadLength: u32, text: usize, length: u32): v128 {
  start(((aadLength + 15) >> 4) + ((length + 15) >> 4) + 1);
  absorb(context, aad, aadLength);
  absorb(context, text, length);
  v128.store(block, finish(context, aadLength, length));
  applyBlock(context, nonce, 1, block);
  return v128.load(block);
}
