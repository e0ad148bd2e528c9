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
const NO_CODE: u32 = 0xffffffff;

/**
 * A hash table with open addressing and four slots for each code: `prefix << 20 | byte << 12 |
 * code`, or 0 if free.
 */
const SLOTS: u32 = 16384;
/** The bits that the offset of a slot may have. */
const OFFSETS: u32 = (SLOTS - 1) << 2;
/**
 * Spreads bytes over the slots. The code comes in by a shift and an exclusive or alone, as each step waits for
 * the code that the one before found: the product of the next byte is there by then.
 */
const SPREAD: u32 = 5419 << 2;
const slots: usize = memory.data(65536, 16);
/** The offsets of the slots in use, so that after a short text not all slots need to be cleared. */
const used: usize = memory.data(16384, 16);
/** Where the expansion of each code is in the output, and its length. */
const places: usize = memory.data(16384, 16);
const lengths: usize = memory.data(16384, 16);

/** The bytes are not LZW, or end early. */
export const LZW_MALFORMED: i32 = -1;
/** The decompressed bytes would exceed the limit. */
export const LZW_TOO_LARGE: i32 = -2;
/** The part is decompressed, and there is more. */
export const LZW_MORE: i32 = -3;

let sink: usize = 0;
let sinkBits: u64 = 0;
let sinkBitCount: u32 = 0;

/** Where a compression goes on: locals of `compressPart` between two parts. */
let packTarget: usize = 0;
let packAt: usize = 0;
let packEnd: usize = 0;
let packCode: u32 = 0;
let packWidth: u32 = 0;
let packLast: u32 = 0;
let packOverflow: u32 = 0;
let packUsed: usize = 0;

/**
 * Begins to compress `length` bytes at `source` to `target`, which needs room for 1.5 times the
 * bytes, and 64 more.
 */
export function beginCompression(source: usize, length: u32, target: usize): void {
  sink = target;
  sinkBits = 0;
  sinkBitCount = 0;
  Sink.emit(CLEAR, FIRST_WIDTH);
  packTarget = target;
  packAt = length > 0 ? source + 1 : source;
  packEnd = source + length;
  // `NO_CODE` only if there are no bytes at all.
  packCode = length > 0 ? <u32>load<u8>(source) : NO_CODE;
  packWidth = FIRST_WIDTH;
  packLast = END;
  packOverflow = 512;
  // What a compression that was not finished left behind.
  if (packUsed > 0) memory.fill(slots, 0, SLOTS << 2);
  packUsed = 0;
}

/** Compresses about `part` bytes more. Returns the size of all if it is complete, or `LZW_MORE`. */
export function compressPart(part: u32): i32 {
  const end = part < <u32>(packEnd - packAt) ? packAt + part : packEnd;
  let usedCount = packUsed;
  let width = packWidth;
  let last = packLast;
  let overflow = packOverflow;
  let code = packCode;
  for (let at = packAt; at < end; at++) {
    const byte = <u32>load<u8>(at);
    const key = (code << 8) | byte;
    let offset = (code << 4) ^ ((byte * SPREAD) & OFFSETS);
    let entry = load<u32>(slots + offset);
    while (entry !== 0 && entry >> 12 !== key) {
      offset = (offset + 4) & OFFSETS;
      entry = load<u32>(slots + offset);
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
    store<u32>(slots + offset, (key << 12) | last);
    store<u32>(used + (usedCount << 2), offset);
    usedCount += 1;
  }
  if (end !== packEnd) {
    packAt = end;
    packCode = code;
    packWidth = width;
    packLast = last;
    packOverflow = overflow;
    packUsed = usedCount;
    return LZW_MORE;
  }
  if (code !== NO_CODE) {
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
    store<u32>(slots + <usize>load<u32>(used + (index << 2)), 0);
  }
  packUsed = 0;
  return <i32>(sink - packTarget);
}

/** Collects codes, low bits first, and stores them four bytes at a time. */
class Sink {
  @inline static emit(code: u32, width: u32): void {
    sinkBits |= (<u64>code) << sinkBitCount;
    sinkBitCount += width;
    if (sinkBitCount >= 32) {
      store<u32>(sink, <u32>sinkBits);
      sink += 4;
      sinkBits >>= 32;
      sinkBitCount -= 32;
    }
  }
}

function flush(): void {
  for (; sinkBitCount > 0; sinkBitCount = sinkBitCount > 8 ? sinkBitCount - 8 : 0) {
    store<u8>(sink, <u8>sinkBits);
    sink += 1;
    sinkBits >>= 8;
  }
}

/** Where a decompression goes on: locals of `decompressPart` between two parts. */
let begin: usize = 0;
let source: usize = 0;
let sourceEnd: usize = 0;
let target: usize = 0;
let targetEnd: usize = 0;
let usable: usize = 0;
let window: u64 = 0;
let windowBits: u32 = 0;
let width: u32 = 0;
let high: u32 = 0;
let overflow: u32 = 0;
let lastPlace: usize = 0;
let lastLength: u32 = 0;

/**
 * Begins to decompress `length` bytes at `from` to `to`, which is in the last arena, so that the
 * memory can grow with the output.
 */
export function beginDecompression(from: usize, length: u32, to: usize, limit: u32): void {
  source = from;
  sourceEnd = from + length;
  begin = to;
  target = to;
  targetEnd = to + limit;
  usable = to;
  window = 0;
  windowBits = 0;
  width = FIRST_WIDTH;
  high = END;
  overflow = 512;
  lastPlace = 0;
  lastLength = 0;
}

/**
 * Decompresses about `part` bytes more, and reads no more than that. Returns the size of all if it
 * is complete, or an error, or `LZW_MORE`. It has no chains of prefixes: the expansion of every code
 * is already somewhere in the output.
 */
export function decompressPart(part: u32): i32 {
  const sourceStop = part < <u32>(sourceEnd - source) ? source + part : usize.MAX_VALUE;
  const targetStop = part < <u32>(targetEnd - target) ? target + part : usize.MAX_VALUE;
  const end = targetEnd;
  const inputEnd = sourceEnd;
  let from = source;
  let at = target;
  let room = usable;
  let bits = window;
  let bitCount = windowBits;
  let size = width;
  let next = high;
  let limit = overflow;
  let place = lastPlace;
  let count = lastLength;

  while (true) {
    if (at >= targetStop || from >= sourceStop) {
      source = from;
      target = at;
      usable = room;
      window = bits;
      windowBits = bitCount;
      width = size;
      high = next;
      overflow = limit;
      lastPlace = place;
      lastLength = count;
      return LZW_MORE;
    }
    while (bitCount < size) {
      if (from >= inputEnd) return LZW_MALFORMED;
      bits |= (<u64>load<u8>(from)) << bitCount;
      from += 1;
      bitCount += 8;
    }
    const code = <u32>bits & ((1 << size) - 1);
    bits >>= size;
    bitCount -= size;

    if (code === END) return <i32>(at - begin);
    if (code === CLEAR) {
      size = FIRST_WIDTH;
      next = END;
      limit = 512;
      count = 0;
      continue;
    }
    // A code that is being defined right now stands for the last expansion and its first byte,
    // which are next to each other in the output.
    const literal = code < CLEAR;
    // When the table is full nothing is being defined, and the highest code is an ordinary one.
    if (code > next) return LZW_MALFORMED;
    const defining = code === next && count !== 0;
    let length: u32 = 1;
    if (!literal) length = defining ? count + 1 : load<u32>(lengths + (code << 2));
    if (length > <u32>(end - at)) return LZW_TOO_LARGE;
    if (at + length > room) {
      room = min(end, at + length + 65536);
      if (!reserve(room + SLACK)) return LZW_TOO_LARGE;
    }
    if (literal) store<u8>(at, <u8>code);
    else if (defining) copy(at, place, length);
    else copy(at, load<u32>(places + (code << 2)), length);
    if (count !== 0) {
      store<u32>(places + (next << 2), <u32>place);
      store<u32>(lengths + (next << 2), count + 1);
    }
    place = at;
    count = length;
    at += length;
    next += 1;
    if (next >= limit) {
      if (size === LAST_WIDTH) {
        count = 0;
        next -= 1;
      } else {
        size += 1;
        limit <<= 1;
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
