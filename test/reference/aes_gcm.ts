/**
 * AES-GCM by the book: FIPS 197 on arrays of bytes, NIST SP 800-38D on big integers.
 */

/** Multiplication in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 0; bit < 8; bit++) {
    if (b & (1 << bit)) product ^= a << bit;
  }
  for (let bit = 14; bit >= 8; bit--) {
    if (product & (1 << bit)) product ^= 0x11b << (bit - 8);
  }
  return product;
}

/** The S-box: the inverse, then an affine map. */
const box: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  const inverse =
    Array.from({ length: 256 }, (_, other) => other).find((other) => multiply(byte, other) === 1) ?? 0;
  let value = 0x63;
  for (let turn = 0; turn < 5; turn++) value ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff;
  return value;
});

function expandKey(key: Uint8Array): number[][] {
  const words = key.length / 4;
  const schedule: number[][] = [];
  let constant = 1;
  for (let index = 0; index < 4 * (words + 7); index++) {
    if (index < words) {
      schedule.push([...key.subarray(4 * index, 4 * index + 4)]);
      continue;
    }
    let word = schedule[index - 1]!;
    if (index % words === 0) {
      word = [word[1]!, word[2]!, word[3]!, word[0]!].map((byte) => box[byte]!);
      word[0]! ^= constant;
      constant = multiply(constant, 2);
    } else if (words > 6 && index % words === 4) {
      word = word.map((byte) => box[byte]!);
    }
    schedule.push(word.map((byte, position) => byte ^ schedule[index - words]![position]!));
  }
  return schedule;
}

/** Encrypts one block of 16 bytes. */
export function aesBlock(key: Uint8Array, block: Uint8Array): Uint8Array {
  const schedule = expandKey(key);
  const rounds = schedule.length / 4 - 1;
  const addKey = (state: number[], round: number): number[] =>
    state.map((byte, index) => byte ^ schedule[4 * round + (index >> 2)]![index & 3]!);
  let state = addKey([...block], 0);
  for (let round = 1; round <= rounds; round++) {
    state = state.map((byte) => box[byte]!);
    state = state.map((_, index) => state[(index + 4 * (index & 3)) & 15]!);
    if (round < rounds) {
      state = state.map((_, index) => {
        const at = (row: number): number => state[(index & ~3) | ((index + row) & 3)]!;
        return multiply(at(0), 2) ^ multiply(at(1), 3) ^ at(2) ^ at(3);
      });
    }
    state = addKey(state, round);
  }
  return Uint8Array.from(state);
}

function toInteger(block: Uint8Array): bigint {
  return block.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function fromInteger(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(8 * (15 - index))) & 0xffn));
}

/** SP 800-38D, algorithm 1: bit 0 is the leftmost. */
function product(x: bigint, y: bigint): bigint {
  let sum = 0n;
  let shifted = y;
  for (let bit = 127n; bit >= 0n; bit--) {
    if ((x >> bit) & 1n) sum ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ (0xe1n << 120n) : shifted >> 1n;
  }
  return sum;
}

/** Encrypts; the tag follows the ciphertext. `nonce` has 12 bytes. */
export function gcmSeal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, text: Uint8Array): Uint8Array {
  const counterBlock = (counter: number): Uint8Array => {
    const block = new Uint8Array(16);
    block.set(nonce);
    new DataView(block.buffer).setUint32(12, counter);
    return aesBlock(key, block);
  };
  const sealed = new Uint8Array(text.length + 16);
  for (let at = 0; at < text.length; at += 16) {
    const stream = counterBlock(2 + at / 16);
    for (let index = at; index < Math.min(at + 16, text.length); index++)
      sealed[index] = text[index]! ^ stream[index - at]!;
  }
  const hashKey = toInteger(aesBlock(key, new Uint8Array(16)));
  let hash = 0n;
  for (const part of [aad, sealed.subarray(0, text.length)]) {
    for (let at = 0; at < part.length; at += 16) {
      const block = new Uint8Array(16);
      block.set(part.subarray(at, at + 16));
      hash = product(hash ^ toInteger(block), hashKey);
    }
  }
  hash = product(hash ^ ((BigInt(aad.length * 8) << 64n) | BigInt(text.length * 8)), hashKey);
  sealed.set(fromInteger(hash ^ toInteger(counterBlock(1))), text.length);
  return sealed;
}
