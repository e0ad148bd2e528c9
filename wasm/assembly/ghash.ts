/**
 * GHASH (NIST SP 800-38D, section 6.4) by table permutation, four blocks at a time, in constant
 * time.
 *
 * A product X * H is the sum of H shifted by the position of every set bit of X. Bit t of byte j
 * shifts by 8 j + t. With H >> t written as 17 bytes, byte r of that sum depends on one byte of X
 * only, so for each r there are two 16-entry tables (high and low half of that byte), one look-up
 * each for all sixteen bytes at once. Shifting by 8 j is then moving whole bytes: Horner's rule over
 * r.
 */

import { Lookup } from "./vector";

/**
 * Offset of the tables in a key's context: for each r of 17, for each power H^4..H^1, the low and
 * the high table.
 */
const TABLES: usize = 256;
const TABLES_ROW: usize = 128;
/** Offset of the tables of H itself in such a row. */
const TABLES_OF_H: usize = 96;

const powers: usize = memory.data(64, 16);
const shifted: usize = memory.data(256, 16);
/**
 * A byte times 1 + x + x^2 + x^7, the remainder of x^128, as two bytes, with a table for the low
 * and the high nibble of each.
 */
const reduction: usize = memory.data(64, 16);

/** The hash of all blocks so far. */
export let sum: v128 = i8x16.splat(0);

for (let nibble: u32 = 0; nibble < 16; nibble++) {
  const low = timesRest(nibble);
  const high = timesRest(nibble << 4);
  store<u8>(reduction + nibble, <u8>(low >> 8));
  store<u8>(reduction + 16 + nibble, <u8>(high >> 8));
  store<u8>(reduction + 32 + nibble, <u8>low);
  store<u8>(reduction + 48 + nibble, <u8>high);
}

/**
 * Returns a byte times that remainder. Bits are reflected: the highest bit of a byte is the lowest
 * power.
 */
function timesRest(byte: u32): u32 {
  const word = byte << 8;
  return word ^ (word >> 1) ^ (word >> 2) ^ (word >> 7);
}

/** Derives the tables of a context from the 16 bytes of H at `hashKey`. */
export function expandHashKey(context: usize, hashKey: usize): void {
  v128.store(powers, v128.load(hashKey));
  buildTables(context, 3, powers);
  for (let power: usize = 1; power < 4; power++) {
    start();
    absorb(context, powers + ((power - 1) << 4), 1);
    v128.store(powers + (power << 4), sum);
    buildTables(context, 3 - power, powers + (power << 4));
  }
  memory.fill(powers, 0, 64);
  memory.fill(shifted, 0, 256);
}

function buildTables(context: usize, column: usize, power: usize): void {
  let first = bswap<u64>(load<u64>(power));
  let second = bswap<u64>(load<u64>(power, 8));
  let third: u64 = 0;
  for (let bit: usize = 0; bit < 8; bit++) {
    const row = shifted + (bit << 5);
    store<u64>(row, bswap<u64>(first));
    store<u64>(row, bswap<u64>(second), 8);
    store<u8>(row, <u8>third, 16);
    third = (third >> 1) | ((second & 1) << 7);
    second = (second >> 1) | (first << 63);
    first >>= 1;
  }
  const index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const bit8 = i8x16.gt_u(v128.and(index, i8x16.splat(8)), i8x16.splat(0));
  const bit4 = i8x16.gt_u(v128.and(index, i8x16.splat(4)), i8x16.splat(0));
  const bit2 = i8x16.gt_u(v128.and(index, i8x16.splat(2)), i8x16.splat(0));
  const bit1 = i8x16.gt_u(v128.and(index, i8x16.splat(1)), i8x16.splat(0));
  for (let r: usize = 0; r < 17; r++) {
    const table = context + TABLES + r * TABLES_ROW + (column << 5);
    const at = shifted + r;
    const high = v128.xor(
      v128.xor(v128.and(bit8, v128.load8_splat(at)), v128.and(bit4, v128.load8_splat(at, 32))),
      v128.xor(v128.and(bit2, v128.load8_splat(at, 64)), v128.and(bit1, v128.load8_splat(at, 96))),
    );
    const low = v128.xor(
      v128.xor(v128.and(bit8, v128.load8_splat(at, 128)), v128.and(bit4, v128.load8_splat(at, 160))),
      v128.xor(v128.and(bit2, v128.load8_splat(at, 192)), v128.and(bit1, v128.load8_splat(at, 224))),
    );
    v128.store(table, low);
    v128.store(table, high, 16);
  }
}

/** Begins a hash. */
export function start(): void {
  sum = i8x16.splat(0);
}

/** Adds the `blocks` blocks at `at`. */
export function absorb(context: usize, at: usize, blocks: u32): void {
  let hash = sum;
  for (; blocks >= 4; blocks -= 4, at += 64) hash = hashFour(context, hash, at);
  for (; blocks > 0; blocks -= 1, at += 16) hash = hashOne(context, hash, at);
  sum = hash;
}

/** Returns (hash + X0) H^4 + X1 H^3 + X2 H^2 + X3 H for the four blocks at `at`. */
function hashFour(context: usize, hash: v128, at: usize): v128 {
  const mask = Lookup.mask();
  const zero = i8x16.splat(0);
  const x0 = v128.xor(v128.load(at), hash);
  const x1 = v128.load(at, 16);
  const x2 = v128.load(at, 32);
  const x3 = v128.load(at, 48);
  const low0 = Lookup.low(x0, mask);
  const low1 = Lookup.low(x1, mask);
  const low2 = Lookup.low(x2, mask);
  const low3 = Lookup.low(x3, mask);
  const high0 = Lookup.high(x0, mask);
  const high1 = Lookup.high(x1, mask);
  const high2 = Lookup.high(x2, mask);
  const high3 = Lookup.high(x3, mask);
  // `lower` is bytes 0..15 of the 32-byte product, `upper` the rest.
  let lower = zero;
  let upper = zero;
  const end = context + TABLES;
  for (let table = end + 16 * TABLES_ROW; table >= end; table -= TABLES_ROW) {
    upper = Bytes.shift(lower, upper);
    lower = v128.xor(
      Bytes.shift(zero, lower),
      v128.xor(
        v128.xor(Bytes.product(table, low0, high0), Bytes.product(table + 32, low1, high1)),
        v128.xor(Bytes.product(table + 64, low2, high2), Bytes.product(table + 96, low3, high3)),
      ),
    );
  }
  return reduce(lower, upper);
}

/** Returns (hash + X) H for the block at `at`. */
function hashOne(context: usize, hash: v128, at: usize): v128 {
  const mask = Lookup.mask();
  const zero = i8x16.splat(0);
  const x = v128.xor(v128.load(at), hash);
  const low = Lookup.low(x, mask);
  const high = Lookup.high(x, mask);
  let lower = zero;
  let upper = zero;
  const end = context + TABLES + TABLES_OF_H;
  for (let table = end + 16 * TABLES_ROW; table >= end; table -= TABLES_ROW) {
    upper = Bytes.shift(lower, upper);
    lower = v128.xor(Bytes.shift(zero, lower), Bytes.product(table, low, high));
  }
  return reduce(lower, upper);
}

/** lower + upper * x^128, where x^128 = 1 + x + x^2 + x^7. */
function reduce(lower: v128, upper: v128): v128 {
  const mask = Lookup.mask();
  const zero = i8x16.splat(0);
  const first0 = v128.load(reduction);
  const first1 = v128.load(reduction, 16);
  const second0 = v128.load(reduction, 32);
  const second1 = v128.load(reduction, 48);
  // The product with the last byte goes past the end and is added at the front.
  const over = Lookup.both(second0, second1, upper, mask);
  const whole = v128.xor(
    upper,
    i8x16.shuffle(over, zero, 15, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16),
  );
  const first = Lookup.both(first0, first1, whole, mask);
  const second = Lookup.both(second0, second1, whole, mask);
  return v128.xor(v128.xor(lower, first), Bytes.shift(zero, second));
}

class Bytes {
  /** Moves all bytes of `value` one place up. The first becomes the last byte of `carry`. */
  @inline static shift(carry: v128, value: v128): v128 {
    return i8x16.shuffle(carry, value, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  }

  /**
   * Returns the part of a product that the two tables at `table` give for one block, of which the
   * halves of all bytes are given.
   */
  @inline static product(table: usize, low: v128, high: v128): v128 {
    return v128.xor(Lookup.bytes(v128.load(table), low), Lookup.bytes(v128.load(table, 16), high));
  }
}
