/**
 * LZW with the same output as Go's `compress/lzw` with least significant bits first and literals of
 * 8 bits. Codes grow from 9 to 12 bits, 256 clears the table, 257 ends, and the table is cleared
 * one code before it is full.
 */

import { reserve, SLACK } from "./memory";

const CLEAR: u32 = 256;
const END: u32 = 257;
const FIRST_WIDTH: u32 = 9;
const LAST_WIDTH: u32 = 12;
const LAST_CODE: u32 = 4095;

/**
 * A hash table with open addressing and four slots for each code: `prefix << 20 | byte << 12 |
 * code`, or 0 if free.
 */
const SLOTS: u32 = 16384;
const slots: usize = memory.data(65536, 16);
/** The slots in use, so that after a short text not all slots need to be cleared. */
const used: usize = memory.data(16384, 16);
/** Where the expansion of each code is in the output, and its length. */
const places: usize = memory.data(16384, 16);
const lengths: usize = memory.data(16384, 16);

/** The bytes are not LZW, or end early. */
export const LZW_MALFORMED: i32 = -1;
/** The decompressed bytes would exceed the limit. */
export const LZW_TOO_LARGE: i32 = -2;

let sink: usize = 0;
let bits: u64 = 0;
let bitCount: u32 = 0;

/**
 * Compresses `length` bytes at `source` to `target` and returns the size. The target needs room for
 * 1.5 times the bytes, and 64 more.
 */
export function compress(source: usize, length: u32, target: usize): u32 {
  sink = target;
  bits = 0;
  bitCount = 0;
  let usedCount: usize = 0;
  let width = FIRST_WIDTH;
  let last: u32 = END;
  let overflow: u32 = 512;
  Sink.emit(CLEAR, width);
  if (length > 0) {
    let code = <u32>load<u8>(source);
    for (let at = source + 1, end = source + length; at < end; at++) {
      const byte = <u32>load<u8>(at);
      const key = (code << 8) | byte;
      let slot = ((key >> 12) ^ key) & (SLOTS - 1);
      let entry = load<u32>(slots + (slot << 2));
      while (entry !== 0 && entry >> 12 !== key) {
        slot = (slot + 1) & (SLOTS - 1);
        entry = load<u32>(slots + (slot << 2));
      }
      if (entry !== 0) {
        code = entry & LAST_CODE;
        continue;
      }
      Sink.emit(code, width);
      code = byte;
      last += 1;
      if (last === overflow) {
        width += 1;
        overflow <<= 1;
      }
      if (last === LAST_CODE) {
        Sink.emit(CLEAR, width);
        width = FIRST_WIDTH;
        last = END;
        overflow = 512;
        memory.fill(slots, 0, SLOTS << 2);
        usedCount = 0;
        continue;
      }
      store<u32>(slots + (slot << 2), (key << 12) | last);
      store<u32>(used + (usedCount << 2), slot);
      usedCount += 1;
    }
    Sink.emit(code, width);
    last += 1;
    if (last === overflow) width += 1;
    if (last === LAST_CODE) {
      Sink.emit(CLEAR, width);
      width = FIRST_WIDTH;
    }
  }
  Sink.emit(END, width);
  flush();
  for (let index: usize = 0; index < usedCount; index++) {
    store<u32>(slots + ((<usize>load<u32>(used + (index << 2))) << 2), 0);
  }
  return <u32>(sink - target);
}

/** Collects codes, low bits first, and stores them four bytes at a time. */
class Sink {
  @inline static emit(code: u32, width: u32): void {
    bits |= (<u64>code) << bitCount;
    bitCount += width;
    if (bitCount >= 32) {
      store<u32>(sink, <u32>bits);
      sink += 4;
      bits >>= 32;
      bitCount -= 32;
    }
  }
}

function flush(): void {
  for (; bitCount > 0; bitCount = bitCount > 8 ? bitCount - 8 : 0) {
    store<u8>(sink, <u8>bits);
    sink += 1;
    bits >>= 8;
  }
}

/**
 * Decompresses `length` bytes at `source` to `target`, which is in the last arena, so that the
 * memory can grow with the output. Returns the size, or an error. It has no chains of prefixes: the
 * expansion of every code is already somewhere in the output.
 */
export function decompress(source: usize, length: u32, target: usize, limit: u32): i32 {
  const sourceEnd = source + length;
  const targetEnd = target + limit;
  let usable = target;
  let at = target;
  let window: u64 = 0;
  let windowBits: u32 = 0;
  let width = FIRST_WIDTH;
  let high = END;
  let overflow: u32 = 512;
  let lastPlace: usize = 0;
  let lastLength: u32 = 0;

  while (true) {
    while (windowBits < width) {
      if (source >= sourceEnd) return LZW_MALFORMED;
      window |= (<u64>load<u8>(source)) << windowBits;
      source += 1;
      windowBits += 8;
    }
    const code = <u32>window & ((1 << width) - 1);
    window >>= width;
    windowBits -= width;

    if (code === END) return <i32>(at - target);
    if (code === CLEAR) {
      width = FIRST_WIDTH;
      high = END;
      overflow = 512;
      lastLength = 0;
      continue;
    }
    // A code that is being defined right now stands for the last expansion and its first byte,
    // which are next to each other in the output.
    const literal = code < CLEAR;
    // When the table is full nothing is being defined, and the highest code is an ordinary one.
    if (code > high) return LZW_MALFORMED;
    const defining = code === high && lastLength !== 0;
    let size: u32 = 1;
    if (!literal) size = defining ? lastLength + 1 : load<u32>(lengths + (code << 2));
    if (size > <u32>(targetEnd - at)) return LZW_TOO_LARGE;
    if (at + size > usable) {
      usable = min(targetEnd, at + size + 65536);
      if (!reserve(usable + SLACK)) return LZW_TOO_LARGE;
    }
    if (literal) store<u8>(at, <u8>code);
    else if (defining) copy(at, lastPlace, size);
    else copy(at, load<u32>(places + (code << 2)), size);
    if (lastLength !== 0) {
      store<u32>(places + (high << 2), <u32>lastPlace);
      store<u32>(lengths + (high << 2), lastLength + 1);
    }
    lastPlace = at;
    lastLength = size;
    at += size;
    high += 1;
    if (high >= overflow) {
      if (width === LAST_WIDTH) {
        lastLength = 0;
        high -= 1;
      } else {
        width += 1;
        overflow <<= 1;
      }
    }
  }
}

/** Copies forwards. With sixteen bytes at a time it may copy up to 15 too many. */
function copy(target: usize, source: usize, size: u32): void {
  if (target - source >= 16) {
    for (let index: u32 = 0; index < size; index += 16) v128.store(target + index, v128.load(source + index));
  } else {
    for (let index: u32 = 0; index < size; index++) store<u8>(target + index, load<u8>(source + index));
  }
}
