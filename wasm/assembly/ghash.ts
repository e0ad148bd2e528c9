/**
 * GHASH (NIST SP 800-38D, section 6.4) by table permutation, four blocks at a time, in constant
 * time.
 *
 * A product X * H is the sum of H shifted by the position of every set bit of X. Bit t of byte j
 * shifts by 8 j + t. With H >> t written as 17 bytes, byte r of that sum depends on one byte of X
 * only, so for each r there are two 16-entry tables (high and low nibble of X), one `swizzle` each
 * for all sixteen bytes at once. Shifting by 8 j is then moving whole bytes: Horner's rule over r.
 */

/**
 * Offset of the tables in a key's context: for each r of 17, for each power H^4..H^1, the low and
 * the high table.
 */
const TABLES: usize = 256;
const TABLES_ROW: usize = 128;

const powers: usize = memory.data(64, 16);
const shifted: usize = memory.data(256, 16);
/** Blocks that wait until there are four of them. */
const waiting: usize = memory.data(64, 16);
/**
 * A byte times 1 + x + x^2 + x^7, the remainder of x^128, as two bytes, with a table for the low
 * and the high nibble of each.
 */
const reduction: usize = memory.data(64, 16);

let sum: v128 = i8x16.splat(0);
let filled: usize = 0;

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
    // With three zero blocks in front, a fold of four is one multiplication by H.
    start(1);
    absorbBlock(context, v128.load(powers + ((power - 1) << 4)));
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

/**
 * Begins a hash of `blocks` blocks. Zero blocks in front do not change the hash, so they fill the
 * first group and every group has four blocks.
 */
export function start(blocks: u32): void {
  sum = i8x16.splat(0);
  filled = (4 - (<usize>blocks & 3)) & 3;
  memory.fill(waiting, 0, 64);
}

/** Adds `length` bytes and pads the last block with zeros. */
export function absorb(context: usize, at: usize, length: u32): void {
  let left = length;
  while (left >= 16) {
    if (filled === 0 && left >= 64) {
      fold(context, at);
      at += 64;
      left -= 64;
    } else {
      absorbBlock(context, v128.load(at));
      at += 16;
      left -= 16;
    }
  }
  if (left > 0) {
    const index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    absorbBlock(context, v128.and(v128.load(at), i8x16.lt_u(index, i8x16.splat(<i8>left))));
  }
}

/** Adds the block of lengths and returns the hash. */
export function finish(context: usize, authenticatedLength: u32, textLength: u32): v128 {
  const bits = i64x2.replace_lane(
    i64x2.splat(bswap<i64>((<i64>authenticatedLength) << 3)),
    1,
    bswap<i64>((<i64>textLength) << 3),
  );
  absorbBlock(context, bits);
  return sum;
}

function absorbBlock(context: usize, block: v128): void {
  v128.store(waiting + (filled << 4), block);
  filled = (filled + 1) & 3;
  if (filled === 0) fold(context, waiting);
}

/** sum = (sum + X0) H^4 + X1 H^3 + X2 H^2 + X3 H for the four blocks at `at`. */
function fold(context: usize, at: usize): void {
  const mask = i8x16.splat(0x0f);
  const zero = i8x16.splat(0);
  const x0 = v128.xor(v128.load(at), sum);
  const x1 = v128.load(at, 16);
  const x2 = v128.load(at, 32);
  const x3 = v128.load(at, 48);
  const low0 = v128.and(x0, mask);
  const low1 = v128.and(x1, mask);
  const low2 = v128.and(x2, mask);
  const low3 = v128.and(x3, mask);
  const high0 = v128.and(i16x8.shr_u(x0, 4), mask);
  const high1 = v128.and(i16x8.shr_u(x1, 4), mask);
  const high2 = v128.and(i16x8.shr_u(x2, 4), mask);
  const high3 = v128.and(i16x8.shr_u(x3, 4), mask);
  // `lower` is bytes 0..15 of the 32-byte product, `upper` the rest.
  let lower = zero;
  let upper = zero;
  const end = context + TABLES;
  for (let table = end + 16 * TABLES_ROW; table >= end; table -= TABLES_ROW) {
    upper = Bytes.shift(lower, upper);
    lower = v128.xor(
      Bytes.shift(zero, lower),
      v128.xor(
        v128.xor(
          v128.xor(i8x16.swizzle(v128.load(table), low0), i8x16.swizzle(v128.load(table, 16), high0)),
          v128.xor(i8x16.swizzle(v128.load(table, 32), low1), i8x16.swizzle(v128.load(table, 48), high1)),
        ),
        v128.xor(
          v128.xor(i8x16.swizzle(v128.load(table, 64), low2), i8x16.swizzle(v128.load(table, 80), high2)),
          v128.xor(i8x16.swizzle(v128.load(table, 96), low3), i8x16.swizzle(v128.load(table, 112), high3)),
        ),
      ),
    );
  }
  sum = reduce(lower, upper);
}

/** lower + upper * x^128, where x^128 = 1 + x + x^2 + x^7. */
function reduce(lower: v128, upper: v128): v128 {
  const mask = i8x16.splat(0x0f);
  const zero = i8x16.splat(0);
  const first0 = v128.load(reduction);
  const first1 = v128.load(reduction, 16);
  const second0 = v128.load(reduction, 32);
  const second1 = v128.load(reduction, 48);
  // The product with the last byte goes past the end and is added at the front.
  const over = v128.xor(
    i8x16.swizzle(second0, v128.and(upper, mask)),
    i8x16.swizzle(second1, v128.and(i16x8.shr_u(upper, 4), mask)),
  );
  const whole = v128.xor(
    upper,
    i8x16.shuffle(over, zero, 15, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16),
  );
  const low = v128.and(whole, mask);
  const high = v128.and(i16x8.shr_u(whole, 4), mask);
  const first = v128.xor(i8x16.swizzle(first0, low), i8x16.swizzle(first1, high));
  const second = v128.xor(i8x16.swizzle(second0, low), i8x16.swizzle(second1, high));
  return v128.xor(v128.xor(lower, first), Bytes.shift(zero, second));
}

class Bytes {
  /** Moves all bytes of `value` one place up. The first becomes the last byte of `carry`. */
  @inline static shift(carry: v128, value: v128): v128 {
    return i8x16.shuffle(carry, value, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  }
}
