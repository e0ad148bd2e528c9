/**
 * AES-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags, in place. A long text is hashed,
 * and encrypted or decrypted, in parts.
 */

import { applyBlock, applyKeyStream, expandKey } from "./aes";
import { absorb, expandHashKey, finish, start } from "./ghash";
import { countKey, KEY_SIZE, keyCount, keys } from "./memory";

const block: usize = memory.data(16, 16);
const zeroNonce: usize = memory.data(16, 16);

/** What `begin` set: the text and how it is sealed. */
let key: usize = 0;
let nonceAt: usize = 0;
let aadSize: u32 = 0;
let textAt: usize = 0;
let textSize: u32 = 0;
/** How many bytes of the text `hashPart` and `applyPart` have done. */
let hashed: u32 = 0;
let applied: u32 = 0;

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
 * Begins with a text and its authenticated data. Until its tag is known, no other text may begin.
 */
export function begin(
  context: usize,
  nonce: usize,
  aad: usize,
  aadLength: u32,
  text: usize,
  length: u32,
): void {
  key = context;
  nonceAt = nonce;
  aadSize = aadLength;
  textAt = text;
  textSize = length;
  hashed = 0;
  applied = 0;
  start(((aadLength + 15) >> 4) + ((length + 15) >> 4) + 1);
  absorb(context, aad, aadLength);
}

/** Hashes at most `part` bytes more of the ciphertext, and returns how many. */
export function hashPart(part: u32): u32 {
  const size = wholeBlocks(part, textSize - hashed);
  absorb(key, textAt + hashed, size);
  hashed += size;
  return size;
}

/** Returns whether the whole ciphertext is hashed. */
export function isHashed(): bool {
  return hashed === textSize;
}

/** Returns the tag, once the whole ciphertext is hashed. */
export function tag(): v128 {
  v128.store(block, finish(key, aadSize, textSize));
  applyBlock(key, nonceAt, 1, block);
  return v128.load(block);
}

/**
 * Encrypts or decrypts at most `part` bytes more. Returns whether that was the rest. Up to 63 bytes
 * after the text are overwritten.
 */
export function applyPart(part: u32): bool {
  const size = wholeBlocks(part, textSize - applied);
  applyKeyStream(key, nonceAt, 2 + (applied >> 4), textAt + applied, size);
  applied += size;
  return applied === textSize;
}

/** Returns whether the whole text is encrypted or decrypted. */
export function isApplied(): bool {
  return applied === textSize;
}

/** Returns the size of the next part: groups of four blocks, or all that is left. */
function wholeBlocks(part: u32, left: u32): u32 {
  return left <= part ? left : part & ~63;
}
