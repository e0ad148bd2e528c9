/**
 * AES by vector permutation (Hamburg, "Accelerating AES with Vector Permute Instructions", CHES
 * 2009): tables, the key schedule and the parts of a round. `counter.ts` encrypts with them.
 *
 * The S-box is an inversion in GF(2^8), done here as arithmetic on two halves in GF(2^4), and every
 * function of four bits is one look-up in a 16-byte table that lies in a register. No address and
 * no branch depends on a secret, so it runs in constant time.
 *
 * States are kept in the paper's basis and their rows are never shifted. Instead the round r works
 * on a state whose row n is rotated by r * n columns, so MixColumns uses other permutations for
 * each r modulo 4 and ShiftRows costs nothing until the end.
 */

import { Lookup } from "./vector";

/**
 * Inversion in GF(2^4), and inversion times a constant. 128 stands for infinity; a look-up returns
 * 0 for it.
 */
export const inverse: usize = memory.data<u8>(
  [
    128, 1, 8, 13, 15, 6, 5, 14, 2, 12, 11, 10, 9, 3, 7, 4, 128, 7, 11, 15, 6, 10, 4, 1, 9, 8, 5, 2, 12, 14,
    13, 3,
  ],
  16,
);
/** The change of basis into the representation: of the low half, of the high half. */
const intoBasis: usize = memory.data<u8>(
  [
    0x00, 0x70, 0x2a, 0x5a, 0x98, 0xe8, 0xb2, 0xc2, 0x08, 0x78, 0x22, 0x52, 0x90, 0xe0, 0xba, 0xca, 0x00,
    0x4d, 0x7c, 0x31, 0x7d, 0x30, 0x01, 0x4c, 0x81, 0xcc, 0xfd, 0xb0, 0xfc, 0xb1, 0x80, 0xcd,
  ],
  16,
);
/** The S-box output (without its constant) in the representation, from the two inverted halves. */
export const boxOnce: usize = memory.data<u8>(
  [
    0x00, 0x3e, 0x50, 0xcb, 0x8f, 0xe1, 0x9b, 0xb1, 0x44, 0xf5, 0x2a, 0x14, 0x6e, 0x7a, 0xdf, 0xa5, 0x00,
    0x23, 0xe2, 0xfa, 0x15, 0xd4, 0x18, 0x36, 0xef, 0xd9, 0x2e, 0x0d, 0xc1, 0xcc, 0xf7, 0x3b,
  ],
  16,
);
/** The same output times two in GF(2^8), for MixColumns. */
export const boxTwice: usize = memory.data<u8>(
  [
    0x00, 0x24, 0x71, 0x0b, 0xc6, 0x93, 0x7a, 0xe2, 0xcd, 0x2f, 0x98, 0xbc, 0x55, 0xe9, 0xb7, 0x5e, 0x00,
    0x29, 0xe1, 0x0a, 0x40, 0x88, 0xeb, 0x69, 0x4a, 0x23, 0x82, 0xab, 0xc8, 0x63, 0xa1, 0xc2,
  ],
  16,
);
/** The S-box output in the ordinary basis, for the last round and the key schedule. */
export const boxLast: usize = memory.data<u8>(
  [
    0x00, 0xc7, 0xbd, 0x6f, 0x17, 0x6d, 0xd2, 0xd0, 0x78, 0xa8, 0x02, 0xc5, 0x7a, 0xbf, 0xaa, 0x15, 0x00,
    0x6a, 0xbb, 0x5f, 0xa5, 0x74, 0xe4, 0xcf, 0xfa, 0x35, 0x2b, 0x41, 0xd1, 0x90, 0x1e, 0x8e,
  ],
  16,
);
/**
 * For each r modulo 4: the position of byte i once row n is shifted by r * n columns, and the
 * inverse of that.
 */
export const shiftRows: usize = memory.data(64, 16);
const unshiftRows: usize = memory.data(64, 16);
/**
 * For each r modulo 4: the next, and the previous, byte of the same column in a state shifted r
 * times.
 */
export const nextInColumn: usize = memory.data(64, 16);
export const previousInColumn: usize = memory.data(64, 16);
/** The round keys in the ordinary basis while a key is expanded. */
const schedule: usize = memory.data(256, 16);

/** Offset of the round keys in a context; before them is how many rounds there are. */
export const ROUND_KEYS: usize = 16;

for (let turn: usize = 0; turn < 4; turn++) {
  for (let index: usize = 0; index < 16; index++) {
    const shifted = shift(index, turn);
    const origin = shift(index, 4 - turn);
    store<u8>(shiftRows + turn * 16 + index, <u8>shifted);
    store<u8>(unshiftRows + turn * 16 + index, <u8>origin);
    store<u8>(nextInColumn + turn * 16 + index, <u8>shift(inColumn(origin, 1), turn));
    store<u8>(previousInColumn + turn * 16 + index, <u8>shift(inColumn(origin, 3), turn));
  }
}

function shift(index: usize, turns: usize): usize {
  const row = index & 3;
  return ((((index >> 2) + turns * row) & 3) << 2) | row;
}

function inColumn(index: usize, rows: usize): usize {
  return (index & ~3) | ((index + rows) & 3);
}

/**
 * Expands the key of 16, 24 or 32 bytes at `key` into `context` (FIPS 197, section 5.2, and the
 * basis of this file).
 */
export function expandKey(context: usize, key: usize, length: u32): void {
  const words = length >> 2;
  const rounds = words + 6;
  store<u32>(context, rounds);
  memory.copy(schedule, key, length);
  let constant: u32 = 1;
  for (let index = words, phase: u32 = 0; index < 4 * (rounds + 1); index++) {
    let word = load<u32>(schedule + ((index - 1) << 2));
    if (phase === 0) {
      word = substituteWord(rotr<u32>(word, 8)) ^ constant;
      constant = ((constant << 1) ^ ((constant >> 7) * 0x11b)) & 0xff;
    } else if (words > 6 && phase === 4) {
      word = substituteWord(word);
    }
    store<u32>(schedule + (index << 2), load<u32>(schedule + ((index - words) << 2)) ^ word);
    phase = phase + 1 === words ? 0 : phase + 1;
  }
  // The S-box constant 0x63 passes MixColumns unchanged, so it moves into the round keys.
  const constant63 = i8x16.splat(0x63);
  for (let round: u32 = 0; round <= rounds; round++) {
    const plain = v128.load(schedule + (round << 4));
    const turned = Lookup.bytes(plain, v128.load(unshiftRows + ((round & 3) << 4)));
    let ready = Basis.of(plain);
    if (round === rounds) ready = v128.xor(plain, constant63);
    else if (round > 0) ready = Basis.of(v128.xor(turned, constant63));
    v128.store(context + ROUND_KEYS + (round << 4), ready);
  }
  memory.fill(schedule, 0, 256);
}

function substituteWord(word: u32): u32 {
  const state = Basis.of(i32x4.splat(word));
  const substituted = Box.output(
    state,
    Lookup.mask(),
    v128.load(inverse),
    v128.load(inverse, 16),
    v128.load(boxLast),
    v128.load(boxLast, 16),
  );
  return i32x4.extract_lane(v128.xor(substituted, i8x16.splat(0x63)), 0);
}

/** The change of basis. */
export class Basis {
  /** Returns a state of the ordinary basis in that of this file. */
  static of(state: v128): v128 {
    return Lookup.both(v128.load(intoBasis), v128.load(intoBasis, 16), state, Lookup.mask());
  }
}

/** The S-box: two halves from a state, and a look-up of both in a pair of tables. */
export class Box {
  /** Returns the first half. */
  @inline static left(state: v128, mask: v128, once: v128, scaled: v128): v128 {
    const low = Lookup.low(state, mask);
    const high = Lookup.high(state, mask);
    const ratio = Lookup.bytes(scaled, low);
    return v128.xor(Lookup.bytes(once, v128.xor(Lookup.bytes(once, high), ratio)), v128.xor(low, high));
  }

  /** Returns the second half. */
  @inline static right(state: v128, mask: v128, once: v128, scaled: v128): v128 {
    const low = Lookup.low(state, mask);
    const high = Lookup.high(state, mask);
    const ratio = Lookup.bytes(scaled, low);
    return v128.xor(Lookup.bytes(once, v128.xor(Lookup.bytes(once, v128.xor(low, high)), ratio)), high);
  }

  /** Returns what two halves give with the output tables `first` and `second`. */
  @inline static join(left: v128, right: v128, first: v128, second: v128): v128 {
    return v128.xor(Lookup.bytes(first, left), Lookup.bytes(second, right));
  }

  /** SubBytes with the output tables `first` and `second`. */
  @inline static output(state: v128, mask: v128, once: v128, scaled: v128, first: v128, second: v128): v128 {
    const left = Box.left(state, mask, once, scaled);
    return Box.join(left, Box.right(state, mask, once, scaled), first, second);
  }
}

/** The parts of a round. */
export class Round {
  /** A whole inner round: SubBytes, MixColumns of the unshifted state, AddRoundKey. */
  @inline static inner(
    state: v128,
    key: v128,
    next: v128,
    previous: v128,
    mask: v128,
    once: v128,
    scaled: v128,
    first1: v128,
    second1: v128,
    first2: v128,
    second2: v128,
  ): v128 {
    const left = Box.left(state, mask, once, scaled);
    const right = Box.right(state, mask, once, scaled);
    const single = Box.join(left, right, first1, second1);
    const double = Box.join(left, right, first2, second2);
    return Round.mix(single, double, next, previous, key);
  }

  /** MixColumns of an unshifted state and AddRoundKey, given the S-box output once and twice. */
  @inline static mix(single: v128, double: v128, next: v128, previous: v128, key: v128): v128 {
    // Column byte n becomes 2 a[n] + 3 a[n+1] + a[n+2] + a[n+3]; `pair` is 2 a[n] + a[n+1].
    const pair = v128.xor(Lookup.bytes(single, next), double);
    return v128.xor(v128.xor(Lookup.bytes(single, previous), pair), v128.xor(Lookup.bytes(pair, next), key));
  }

  /**
   * The last round: SubBytes into the ordinary basis, ShiftRows of all rounds, AddRoundKey; the
   * result is xored onto the text.
   */
  @inline static last(
    at: usize,
    state: v128,
    key: v128,
    rows: v128,
    mask: v128,
    once: v128,
    scaled: v128,
    first: v128,
    second: v128,
  ): void {
    const substituted = Box.output(state, mask, once, scaled, first, second);
    v128.store(at, v128.xor(v128.xor(v128.load(at), key), Lookup.bytes(substituted, rows)));
  }
}
