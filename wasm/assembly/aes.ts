/**
 * AES in counter mode by vector permutation (Hamburg, "Accelerating AES with Vector Permute
 * Instructions", CHES 2009).
 *
 * The S-box is an inversion in GF(2^8), done here as arithmetic on two halves in GF(2^4), and every
 * function of four bits is one `swizzle` of a 16-byte table that lies in a register. No address and
 * no branch depends on a secret, so it runs in constant time.
 *
 * States are kept in the paper's basis and their rows are never shifted. Instead the round r works
 * on a state whose row n is rotated by r * n columns, so MixColumns uses other permutations for
 * each r modulo 4 and ShiftRows costs nothing until the end.
 */

/**
 * Inversion in GF(2^4), and inversion times a constant. 128 stands for infinity; a swizzle returns
 * 0 for it.
 */
const inverse: usize = memory.data<u8>(
  [
    128, 1, 8, 13, 15, 6, 5, 14, 2, 12, 11, 10, 9, 3, 7, 4, 128, 7, 11, 15, 6, 10, 4, 1, 9, 8, 5, 2, 12, 14,
    13, 3,
  ],
  16,
);
/** The change of basis into the representation: of the low nibble, of the high nibble. */
const intoBasis: usize = memory.data<u8>(
  [
    0x00, 0x70, 0x2a, 0x5a, 0x98, 0xe8, 0xb2, 0xc2, 0x08, 0x78, 0x22, 0x52, 0x90, 0xe0, 0xba, 0xca, 0x00,
    0x4d, 0x7c, 0x31, 0x7d, 0x30, 0x01, 0x4c, 0x81, 0xcc, 0xfd, 0xb0, 0xfc, 0xb1, 0x80, 0xcd,
  ],
  16,
);
/** The S-box output (without its constant) in the representation, from the two inverted halves. */
const boxOnce: usize = memory.data<u8>(
  [
    0x00, 0x3e, 0x50, 0xcb, 0x8f, 0xe1, 0x9b, 0xb1, 0x44, 0xf5, 0x2a, 0x14, 0x6e, 0x7a, 0xdf, 0xa5, 0x00,
    0x23, 0xe2, 0xfa, 0x15, 0xd4, 0x18, 0x36, 0xef, 0xd9, 0x2e, 0x0d, 0xc1, 0xcc, 0xf7, 0x3b,
  ],
  16,
);
/** The same output times two in GF(2^8), for MixColumns. */
const boxTwice: usize = memory.data<u8>(
  [
    0x00, 0x24, 0x71, 0x0b, 0xc6, 0x93, 0x7a, 0xe2, 0xcd, 0x2f, 0x98, 0xbc, 0x55, 0xe9, 0xb7, 0x5e, 0x00,
    0x29, 0xe1, 0x0a, 0x40, 0x88, 0xeb, 0x69, 0x4a, 0x23, 0x82, 0xab, 0xc8, 0x63, 0xa1, 0xc2,
  ],
  16,
);
/** The S-box output in the ordinary basis, for the last round and the key schedule. */
const boxLast: usize = memory.data<u8>(
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
const shiftRows: usize = memory.data(64, 16);
const unshiftRows: usize = memory.data(64, 16);
/**
 * For each r modulo 4: the next, and the previous, byte of the same column in a state shifted r
 * times.
 */
const nextInColumn: usize = memory.data(64, 16);
const previousInColumn: usize = memory.data(64, 16);
/** The round keys in the ordinary basis while a key is expanded. */
const schedule: usize = memory.data(256, 16);

const ROUND_KEYS: usize = 16;

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
    const turned = i8x16.swizzle(plain, v128.load(unshiftRows + ((round & 3) << 4)));
    let ready = intoBasisSlow(plain);
    if (round === rounds) ready = v128.xor(plain, constant63);
    else if (round > 0) ready = intoBasisSlow(v128.xor(turned, constant63));
    v128.store(context + ROUND_KEYS + (round << 4), ready);
  }
  memory.fill(schedule, 0, 256);
}

function intoBasisSlow(state: v128): v128 {
  return Vector.split(state, v128.load(intoBasis), v128.load(intoBasis, 16), i8x16.splat(0x0f));
}

function substituteWord(word: u32): u32 {
  const mask = i8x16.splat(0x0f);
  const once = v128.load(inverse);
  const scaled = v128.load(inverse, 16);
  const state = intoBasisSlow(i32x4.splat(word));
  const substituted = Vector.box(state, mask, once, scaled, v128.load(boxLast), v128.load(boxLast, 16));
  return i32x4.extract_lane(v128.xor(substituted, i8x16.splat(0x63)), 0);
}

/** The parts of a round. A class, because only methods can be inlined by decorator. */
class Vector {
  /** A linear function of bytes from its tables for low and high nibbles. */
  @inline static split(state: v128, low: v128, high: v128, mask: v128): v128 {
    return v128.xor(
      i8x16.swizzle(low, v128.and(state, mask)),
      i8x16.swizzle(high, v128.and(i16x8.shr_u(state, 4), mask)),
    );
  }

  /** SubBytes with the output tables `first` and `second`. */
  @inline static box(state: v128, mask: v128, once: v128, scaled: v128, first: v128, second: v128): v128 {
    const high = v128.and(i16x8.shr_u(state, 4), mask);
    const low = v128.and(state, mask);
    const ratio = i8x16.swizzle(scaled, low);
    const sum = v128.xor(low, high);
    const left = v128.xor(i8x16.swizzle(once, v128.xor(i8x16.swizzle(once, high), ratio)), sum);
    const right = v128.xor(i8x16.swizzle(once, v128.xor(i8x16.swizzle(once, sum), ratio)), high);
    return v128.xor(i8x16.swizzle(first, left), i8x16.swizzle(second, right));
  }

  /** A whole inner round: SubBytes, MixColumns of the unshifted state, AddRoundKey. */
  @inline static round(
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
    const high = v128.and(i16x8.shr_u(state, 4), mask);
    const low = v128.and(state, mask);
    const ratio = i8x16.swizzle(scaled, low);
    const sum = v128.xor(low, high);
    const left = v128.xor(i8x16.swizzle(once, v128.xor(i8x16.swizzle(once, high), ratio)), sum);
    const right = v128.xor(i8x16.swizzle(once, v128.xor(i8x16.swizzle(once, sum), ratio)), high);
    const single = v128.xor(i8x16.swizzle(first1, left), i8x16.swizzle(second1, right));
    const double = v128.xor(i8x16.swizzle(first2, left), i8x16.swizzle(second2, right));
    // Column byte n becomes 2 a[n] + 3 a[n+1] + a[n+2] + a[n+3]; `pair` is 2 a[n] + a[n+1].
    const pair = v128.xor(i8x16.swizzle(single, next), double);
    return v128.xor(
      v128.xor(i8x16.swizzle(single, previous), pair),
      v128.xor(i8x16.swizzle(pair, next), key),
    );
  }

  /**
   * Returns the first state of the block with `counter`, in the basis. `base` is that state without
   * the counter.
   */
  @inline static counter(base: v128, counter: u32, low: v128, high: v128, mask: v128): v128 {
    const block = i32x4.replace_lane(i32x4.splat(0), 3, bswap<u32>(counter));
    return v128.xor(base, Vector.split(block, low, high, mask));
  }

  /**
   * The last round: SubBytes into the ordinary basis, ShiftRows of all rounds, AddRoundKey; the
   * result is xored onto the text.
   */
  @inline static finish(
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
    const substituted = Vector.box(state, mask, once, scaled, first, second);
    v128.store(at, v128.xor(v128.xor(v128.load(at), key), i8x16.swizzle(substituted, rows)));
  }
}

/**
 * Xors the key stream of the 12-byte `nonce`, from block `counter` on, onto `length` bytes at `at`.
 * Works on groups of four blocks, so up to 63 bytes after the text are overwritten.
 */
export function applyKeyStream(context: usize, nonce: usize, counter: u32, at: usize, length: u32): void {
  const mask = i8x16.splat(0x0f);
  const once = v128.load(inverse);
  const scaled = v128.load(inverse, 16);
  const low = v128.load(intoBasis);
  const high = v128.load(intoBasis, 16);
  const first1 = v128.load(boxOnce);
  const second1 = v128.load(boxOnce, 16);
  const first2 = v128.load(boxTwice);
  const second2 = v128.load(boxTwice, 16);
  const rounds = load<u32>(context);
  const roundKeys = context + ROUND_KEYS;
  const lastKeyAt = roundKeys + (rounds << 4);
  const lastKey = v128.load(lastKeyAt);
  const lastRows = v128.load(shiftRows + ((rounds & 3) << 4));
  const start = i32x4.replace_lane(v128.load(nonce), 3, 0);
  const base = v128.xor(Vector.split(start, low, high, mask), v128.load(roundKeys));
  let left = <i32>length;

  // Four blocks at a time hide the latency. Eight are not faster, because the tables leave no
  // registers for them.
  for (; left > 0; left -= 64, at += 64, counter += 4) {
    let s0 = Vector.counter(base, counter, low, high, mask);
    let s1 = Vector.counter(base, counter + 1, low, high, mask);
    let s2 = Vector.counter(base, counter + 2, low, high, mask);
    let s3 = Vector.counter(base, counter + 3, low, high, mask);
    for (
      let keyAt = roundKeys + 16, turn: usize = 16;
      keyAt < lastKeyAt;
      keyAt += 16, turn = (turn + 16) & 48
    ) {
      const key = v128.load(keyAt);
      const next = v128.load(nextInColumn + turn);
      const prev = v128.load(previousInColumn + turn);
      s0 = Vector.round(s0, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s1 = Vector.round(s1, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s2 = Vector.round(s2, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s3 = Vector.round(s3, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
    }
    const first = v128.load(boxLast);
    const second = v128.load(boxLast, 16);
    Vector.finish(at, s0, lastKey, lastRows, mask, once, scaled, first, second);
    Vector.finish(at + 16, s1, lastKey, lastRows, mask, once, scaled, first, second);
    Vector.finish(at + 32, s2, lastKey, lastRows, mask, once, scaled, first, second);
    Vector.finish(at + 48, s3, lastKey, lastRows, mask, once, scaled, first, second);
  }
}

/**
 * Xors the encryption of one block onto the 16 bytes at `at`. The block is the nonce and `counter`.
 */
export function applyBlock(context: usize, nonce: usize, counter: u32, at: usize): void {
  const mask = i8x16.splat(0x0f);
  const once = v128.load(inverse);
  const scaled = v128.load(inverse, 16);
  const rounds = load<u32>(context);
  const roundKeys = context + ROUND_KEYS;
  const lastKeyAt = roundKeys + (rounds << 4);
  const block = i32x4.replace_lane(v128.load(nonce), 3, bswap<u32>(counter));
  let state = v128.xor(intoBasisSlow(block), v128.load(roundKeys));
  for (
    let keyAt = roundKeys + 16, turn: usize = 16;
    keyAt < lastKeyAt;
    keyAt += 16, turn = (turn + 16) & 48
  ) {
    state = Vector.round(
      state,
      v128.load(keyAt),
      v128.load(nextInColumn + turn),
      v128.load(previousInColumn + turn),
      mask,
      once,
      scaled,
      v128.load(boxOnce),
      v128.load(boxOnce, 16),
      v128.load(boxTwice),
      v128.load(boxTwice, 16),
    );
  }
  const rows = v128.load(shiftRows + ((rounds & 3) << 4));
  Vector.finish(
    at,
    state,
    v128.load(lastKeyAt),
    rows,
    mask,
    once,
    scaled,
    v128.load(boxLast),
    v128.load(boxLast, 16),
  );
}
