/**
 * The key stream of AES in counter mode, four blocks at a time.
 *
 * The counter blocks of a text differ in the last byte only, until that wraps. It reaches four
 * bytes of the state in round 1, and all bytes in round 2, each through one of those four. So the
 * first two rounds are computed once for all blocks, except for what becomes of that byte: one
 * S-box for four blocks in each of the two rounds.
 */

import {
  Basis,
  Box,
  boxLast,
  boxOnce,
  boxTwice,
  inverse,
  nextInColumn,
  previousInColumn,
  ROUND_KEYS,
  Round,
  shiftRows,
} from "./aes";
import { BigEndian } from "./memory";
import { Lookup } from "./vector";

/** The number of blocks that are encrypted at once. */
export const GROUP: u32 = 4;

/** The position of the byte that differs among counter blocks. */
const COUNTER: usize = 15;
/** An index for which a look-up returns 0. */
const NONE: u8 = 128;
/** What `distanceTo` returns if no step leads to the byte. */
const UNREACHED: usize = 4;

const ascending: usize = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 16);
/** The four positions that the counter reaches in round 1, repeated for each block of a group. */
const reached: usize = memory.data(16, 16);
/** Ones in all bytes except the counter, and in all except those four. */
const keepFirst: usize = memory.data(16, 16);
const keepSecond: usize = memory.data(16, 16);
/** For those four bytes of each block: of which counter they take the S-box output, once and twice. */
const firstOnce: usize = memory.data(16, 16);
const firstTwice: usize = memory.data(16, 16);
/**
 * For every byte of each block after round 2: of which of those four bytes it takes the S-box
 * output, once and twice.
 */
const secondOnce: usize = memory.data(64, 16);
const secondTwice: usize = memory.data(64, 16);

/** The nonce, and a counter whose last byte is 0. */
const counterBlock: usize = memory.data(16, 16);
/** What counter blocks share after round 1, in the four bytes; and after round 2. */
const afterFirst: usize = memory.data(16, 16);
const afterSecond: usize = memory.data(16, 16);

memory.fill(keepFirst, 0xff, 16);
memory.fill(keepSecond, 0xff, 16);
store<u8>(keepFirst + COUNTER, 0);
for (let index: usize = 0; index < 16; index++) {
  const distance = distanceTo(COUNTER, index, 1);
  if (distance === UNREACHED) continue;
  store<u8>(keepSecond + index, 0);
  for (let block: usize = 0; block < GROUP; block++) {
    const at: usize = 4 * block + distance;
    store<u8>(reached + at, <u8>index);
    store<u8>(firstOnce + at, usesOnce(distance) ? <u8>block : NONE);
    store<u8>(firstTwice + at, usesTwice(distance) ? <u8>block : NONE);
  }
}
for (let index: usize = 0; index < 16; index++) {
  for (let place: usize = 0; place < 4; place++) {
    const distance = distanceTo(load<u8>(reached + place), index, 2);
    if (distance === UNREACHED) continue;
    for (let block: usize = 0; block < GROUP; block++) {
      const at: usize = 16 * block + index;
      const source: usize = 4 * block + place;
      store<u8>(secondOnce + at, usesOnce(distance) ? <u8>source : NONE);
      store<u8>(secondTwice + at, usesTwice(distance) ? <u8>source : NONE);
    }
  }
}

/** Begins the key stream of the 12-byte nonce at `nonce`. */
export function beginKeyStream(context: usize, nonce: usize): void {
  v128.store(counterBlock, v128.load(nonce));
  shareRounds(context, 0);
}

/**
 * Xors the key stream from block `counter` up to block `end`, without that, onto the blocks at
 * `at`. Works on groups: `counter` is a multiple of 4, and up to 48 bytes after the last block are
 * overwritten.
 */
export function applyKeyStream(context: usize, counter: u32, end: u32, at: usize): void {
  const mask = Lookup.mask();
  const once = v128.load(inverse);
  const scaled = v128.load(inverse, 16);
  const first1 = v128.load(boxOnce);
  const second1 = v128.load(boxOnce, 16);
  const first2 = v128.load(boxTwice);
  const second2 = v128.load(boxTwice, 16);
  const rounds = load<u32>(context);
  const keys = context + ROUND_KEYS;
  const lastKeyAt = keys + (rounds << 4);
  const lastKey = v128.load(lastKeyAt);
  const lastRows = v128.load(shiftRows + ((rounds & 3) << 4));
  const counterKey = v128.load8_splat(keys, COUNTER);

  // Four blocks at a time hide the latency. Eight are not faster, because the tables leave no
  // registers for them.
  for (; counter < end; counter += GROUP, at += GROUP << 4) {
    if (counter > 0 && (counter & 0xff) === 0) shareRounds(context, counter);
    // Round 1, for the last byte of the counters.
    const counters = i8x16.add(i8x16.splat(<i8>counter), v128.load(ascending));
    const start = v128.xor(Basis.of(counters), counterKey);
    let left = Box.left(start, mask, once, scaled);
    let right = Box.right(start, mask, once, scaled);
    let single = Box.join(left, right, first1, second1);
    let double = Box.join(left, right, first2, second2);
    // Round 2, for the four bytes of each block that differ by then.
    const differing = v128.xor(
      v128.load(afterFirst),
      v128.xor(Lookup.bytes(single, v128.load(firstOnce)), Lookup.bytes(double, v128.load(firstTwice))),
    );
    left = Box.left(differing, mask, once, scaled);
    right = Box.right(differing, mask, once, scaled);
    single = Box.join(left, right, first1, second1);
    double = Box.join(left, right, first2, second2);
    const shared = v128.load(afterSecond);
    let s0 = Shared.second(shared, single, double, 0);
    let s1 = Shared.second(shared, single, double, 16);
    let s2 = Shared.second(shared, single, double, 32);
    let s3 = Shared.second(shared, single, double, 48);
    for (let keyAt = keys + 48, turn: usize = 48; keyAt < lastKeyAt; keyAt += 16, turn = (turn + 16) & 48) {
      const key = v128.load(keyAt);
      const next = v128.load(nextInColumn + turn);
      const prev = v128.load(previousInColumn + turn);
      s0 = Round.inner(s0, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s1 = Round.inner(s1, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s2 = Round.inner(s2, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
      s3 = Round.inner(s3, key, next, prev, mask, once, scaled, first1, second1, first2, second2);
    }
    const first = v128.load(boxLast);
    const second = v128.load(boxLast, 16);
    Round.last(at, s0, lastKey, lastRows, mask, once, scaled, first, second);
    Round.last(at + 16, s1, lastKey, lastRows, mask, once, scaled, first, second);
    Round.last(at + 32, s2, lastKey, lastRows, mask, once, scaled, first, second);
    Round.last(at + 48, s3, lastKey, lastRows, mask, once, scaled, first, second);
  }
}

/** Computes what the blocks share whose counters differ from `counter` in the last byte only. */
function shareRounds(context: usize, counter: u32): void {
  const keys = context + ROUND_KEYS;
  BigEndian.store32(counterBlock + 12, counter);
  const start = v128.xor(Basis.of(v128.load(counterBlock)), v128.load(keys));
  const first = Shared.round(start, v128.load(keepFirst), v128.load(keys, 16), 16);
  v128.store(afterFirst, Lookup.bytes(first, v128.load(reached)));
  v128.store(afterSecond, Shared.round(first, v128.load(keepSecond), v128.load(keys, 32), 32));
}

/** The first two rounds, as far as blocks share them. */
class Shared {
  /** A round of the bytes that `keep` keeps; `turn` says how far the rows of the state are shifted. */
  static round(state: v128, keep: v128, key: v128, turn: usize): v128 {
    const mask = Lookup.mask();
    const once = v128.load(inverse);
    const scaled = v128.load(inverse, 16);
    const left = Box.left(state, mask, once, scaled);
    const right = Box.right(state, mask, once, scaled);
    return Round.mix(
      v128.and(Box.join(left, right, v128.load(boxOnce), v128.load(boxOnce, 16)), keep),
      v128.and(Box.join(left, right, v128.load(boxTwice), v128.load(boxTwice, 16)), keep),
      v128.load(nextInColumn + turn),
      v128.load(previousInColumn + turn),
      key,
    );
  }

  /**
   * Returns the state after round 2 of the block at `offset` of the tables, given the S-box outputs
   * of the bytes that differ.
   */
  @inline static second(shared: v128, single: v128, double: v128, offset: usize): v128 {
    return v128.xor(
      shared,
      v128.xor(
        Lookup.bytes(single, v128.load(secondOnce + offset)),
        Lookup.bytes(double, v128.load(secondTwice + offset)),
      ),
    );
  }
}

/**
 * Returns how many steps down its column lead from byte `index` to `source`, in a state whose rows
 * are shifted `turn` times.
 */
function distanceTo(source: usize, index: usize, turn: usize): usize {
  let distance: usize = 0;
  while (distance < UNREACHED && index !== source) {
    index = load<u8>(nextInColumn + turn * 16 + index);
    distance += 1;
  }
  return distance;
}

/** MixColumns takes a byte twice, the next one three times, and the other two of the column once. */
function usesOnce(distance: usize): bool {
  return distance !== 0;
}

function usesTwice(distance: usize): bool {
  return distance < 2;
}
