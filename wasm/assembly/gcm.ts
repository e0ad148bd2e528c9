/**
 * AES-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte tags, in place. A long text is hashed,
 * and encrypted or decrypted, in parts.
 */

import { expandKey } from "./aes";
import { applyKeyStream, beginKeyStream, GROUP } from "./counter";
import { absorb, expandHashKey, start, sum } from "./ghash";
import { BigEndian, countKey, KEY_SIZE, keyCount, keys } from "./memory";

const block: usize = memory.data(16, 16);
/**
 * The first group of the key stream. Its second block masks the tag, the third and fourth are for
 * the text, so that a short text and its tag take one group.
 */
const firstGroup: usize = memory.data(64, 16);
/** The counter of the first block that is for the text. */
const TEXT_COUNTER: u32 = 2;

/** What `begin` set: the text and how it is sealed. */
let key: usize = 0;
let aadSize: u32 = 0;
let textAt: usize = 0;
let textSize: u32 = 0;
/** How many bytes of the text `hashPart` and `applyPart` have done. */
let hashed: u32 = 0;
let applied: u32 = 0;
/** The counter from which `applyPart` goes on. It works on groups, so it is up to two blocks ahead. */
let counter: u32 = 0;

/** Installs the key of 16, 24 or 32 bytes at `key` after the others. */
export function installKey(key: usize, length: u32): void {
  const context = keyAt(keyCount);
  countKey();
  expandKey(context, key, length);
  // H is the encryption of zeros: the key stream of a nonce of zeros at counter 0.
  memory.fill(block, 0, 16);
  computeFirstGroup(context, block);
  expandHashKey(context, firstGroup);
  memory.fill(firstGroup, 0, GROUP << 4);
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
  aadSize = aadLength;
  textAt = text;
  textSize = length;
  hashed = 0;
  applied = 0;
  counter = GROUP;
  computeFirstGroup(context, nonce);
  start();
  absorb(context, aad, aadLength >> 4);
  const rest = aadLength & 15;
  if (rest === 0) return;
  memory.fill(block, 0, 16);
  memory.copy(block, aad + aadLength - rest, rest);
  absorb(context, block, 1);
}

/** Hashes at most `part` bytes more of the ciphertext, and returns how many. */
export function hashPart(part: u32): u32 {
  const size = wholeBlocks(part, textSize - hashed);
  const at = textAt + hashed;
  hashed += size;
  if (hashed === textSize) absorbRest(at, size);
  else absorb(key, at, size >> 4);
  return size;
}

/**
 * Returns whether the whole ciphertext is hashed. To be called after `hashPart`, which an empty
 * text needs too.
 */
export function isHashed(): bool {
  return hashed === textSize;
}

/** Returns the tag, once the whole ciphertext is hashed. */
export function tag(): v128 {
  return v128.xor(v128.load(firstGroup, 16), sum);
}

/**
 * Encrypts or decrypts at most `part` bytes more. Returns whether that was the rest. Up to 63 bytes
 * after the text are overwritten.
 */
export function applyPart(part: u32): bool {
  if (applied === 0) {
    v128.store(textAt, v128.xor(v128.load(textAt), v128.load(firstGroup, 32)));
    v128.store(textAt, v128.xor(v128.load(textAt, 16), v128.load(firstGroup, 48)), 16);
  }
  applied += wholeBlocks(part, textSize - applied);
  const end = TEXT_COUNTER + ((applied + 15) >> 4);
  applyKeyStream(key, counter, end, textAt + ((counter - TEXT_COUNTER) << 4));
  counter = max(counter, (end + GROUP - 1) & ~(GROUP - 1));
  return isApplied();
}

/** Returns whether the whole text is encrypted or decrypted. */
export function isApplied(): bool {
  return applied === textSize;
}

/** Returns the size of the next part: groups of four blocks, or all that is left. */
function wholeBlocks(part: u32, left: u32): u32 {
  return left <= part ? left : part & ~63;
}

function computeFirstGroup(context: usize, nonce: usize): void {
  for (let offset: usize = 0; offset < GROUP << 4; offset += 16)
    v128.store(firstGroup + offset, i8x16.splat(0));
  beginKeyStream(context, nonce);
  applyKeyStream(context, 0, GROUP, firstGroup);
}

/**
 * Adds the last `length` bytes of the ciphertext, padded with zeros, and the block of lengths. These
 * are written after the bytes, so that all blocks are hashed in place, and what was there, such as a
 * received tag, is put back.
 */
function absorbRest(at: usize, length: u32): void {
  const end = at + length;
  const first = v128.load(end);
  const second = v128.load(end, 16);
  const blocks = (length + 15) >> 4;
  const lengths = at + (blocks << 4);
  v128.store(end, i8x16.splat(0));
  BigEndian.store64(lengths, (<u64>aadSize) << 3);
  BigEndian.store64(lengths + 8, (<u64>textSize) << 3);
  absorb(key, at, blocks + 1);
  v128.store(end, first);
  v128.store(end, second, 16);
}
