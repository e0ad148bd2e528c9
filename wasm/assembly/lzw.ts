/**
 * LZW as Go's `compress/lzw` does it with least-significant-bit-first packing and literals of 8 bits, byte for byte: codes grow from
 * 9 to 12 bits, 256 clears, 257 ends, and the table is cleared one code before it would be full.
 */

import { reserve, SLACK } from "./memory";

const CLEAR: u32 = 256;
const END: u32 = 257;
const FIRST_WIDTH: u32 = 9;
const LAST_WIDTH: u32 = 12;
const LAST_CODE: u32 = 4095;

/** Open addressing, four slots for each code: `prefix << 20 | byte << 12 | code`, or 0 when free. */
const SLOTS: u32 = 16384;
const slots: usize = memory.data(65536, 16);
/** Slots in use, so that a short text need not clear all of them. */
const used: usize = memory.data(16384, 16);
/** Where the expansion of each code lies in the output, and its length. */
const places: usize = memory.data(16384, 16);
const lengths: usize = memory.data(16384, 16);

/** `decompress` met bytes that are not LZW, or an early end. */
export const LZW_MALFORMED: i32 = -1;
/** `decompress` would exceed the limit. */
export const LZW_TOO_LARGE: i32 = -2;

let sink: usize = 0;
let bits: u64 = 0;
let bitCount: u32 = 0;

/** Compresses `length` bytes at `source` to `target`; returns the size. Needs room for one and a half times the bytes and 64. */
export function compress(source: usize, length: u32, target: usize): u32 {
  sink = target;
  bits = 0;
  bitCount = 0;
  let usedCount: usize = 0;
  let width = FIRST_WIDTH;
  let last: u32 = END;
  let overflow: u32 = 512;
  emit(CLEAR, width);
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
      emit(code, width);
      code = byte;
      last += 1;
      if (last === overflow) {
        width += 1;
        overflow <<= 1;
      }
      if (last === LAST_CODE) {
        emit(CLEAR, width);
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
    emit(code, width);
    last += 1;
    if (last === overflow) width += 1;
    if (last === LAST_CODE) {
      emit(CLEAR, width);
      width = FIRST_WIDTH;
    }
  }
  emit(END, width);
  flush();
  for (let index: usize = 0; index < usedCount; index++) {
    store<u32>(slots + ((<usize>load<u32>(used + (index << 2))) << 2), 0);
  }
  return <u32>(sink - target);
}

function emit(code: u32, width: u32): void {
  bits |= (<u64>code) << bitCount;
  bitCount += width;
  if (bitCount < 32) return;
  store<u32>(sink, <u32>bits);
  sink += 4;
  bits >>= 32;
  bitCount -= 32;
}

function flush(): void {
  for (; bitCount > 0; bitCount = bitCount > 8 ? bitCount - 8 : 0) {
    store<u8>(sink, <u8>bits);
    sink += 1;
    bits >>= 8;
  }
}

/**
 * Decompresses `length` bytes at `source` to `target`, which is in the last arena: the memory grows as bytes come out. Returns the
 * size, or an error. Instead of chains of prefixes each code has a place in the output that already holds its expansion.
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
    // A code that is just being defined stands for the last expansion and its own first byte, which lie one after the other.
    const literal = code < CLEAR;
    // Once the table is frozen nothing is being defined, and the highest code is an ordinary one.
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

/** Copies forward, sixteen bytes at a time, up to 15 more than asked for; the overlap of a code with itself is one byte long. */
function copy(target: usize, source: usize, size: u32): void {
  if (target - source >= 16) {
    for (let index: u32 = 0; index < size; index += 16) v128.store(target + index, v128.load(source + index));
  } else {
    for (let index: u32 = 0; index < size; index++) store<u8>(target + index, load<u8>(source + index));
  }
}
