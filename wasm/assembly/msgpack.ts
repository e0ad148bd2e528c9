/**
 * The msgpack of memberlist. Decoding accepts what go-msgpack 2 accepts; encoding uses the forms
 * that every version of go-msgpack reads.
 *
 * Decoding fills a record, in which offsets are addresses in this memory. Nothing is read past
 * `end` except by vector loads, which mask the surplus. Nested values that are skipped may be at
 * most `NESTING_MAX` deep.
 */

import {
  ALIVE,
  FAULT_MALFORMED,
  FAULT_OUT_OF_RANGE,
  FAULT_TOO_DEEP,
  FAULT_TRUNCATED,
  NESTING_MAX,
  NODE_STATE,
  RECORD_SIZE,
} from "./abi";
import { BigEndian } from "./memory";
import { numberOf, stamp } from "./names";
import {
  Field,
  fieldAt,
  fieldCount,
  KIND_BOOL,
  KIND_BYTES,
  KIND_INT,
  KIND_NAME,
  KIND_TEXT,
  KIND_U8,
  KIND_U16,
  shapeAt,
} from "./schema";

/** Mask n has n bytes of ones, then zeros. */
const keyMasks: usize = memory.data(256, 16);

/** The next byte to decode; after `decode` the first byte after the object. */
export let cursor: usize = 0;
let end: usize = 0;
let failure: u32 = 0;
/** The string or bytes that `readSpan` found. */
let spanAt: usize = 0;
let spanLength: u32 = 0;

for (let length: usize = 0; length < 16; length++) memory.fill(keyMasks + (length << 4), 0xff, length);

/** Decodes one object of a shape into `record`. Returns 0, or why it failed. */
export function decode(shape: u32, at: usize, limit: usize, record: usize): u32 {
  cursor = at;
  end = limit;
  failure = 0;
  memory.fill(record, 0, RECORD_SIZE);
  store<u32>(record, shape);
  if (at >= limit) return FAULT_TRUNCATED;
  const head = readByte();
  const fields = shapeAt(shape);
  if (head === 0xc0) return 0;
  if ((head & 0xf0) === 0x80) decodeMap(fields, head & 15, record);
  else if (head === 0xde) decodeMap(fields, readInteger16(), record);
  else if (head === 0xdf) decodeMap(fields, readInteger32(), record);
  else if ((head & 0xf0) === 0x90) decodeArray(fields, head & 15, record);
  else if (head === 0xdc) decodeArray(fields, readInteger16(), record);
  else if (head === 0xdd) decodeArray(fields, readInteger32(), record);
  else failure = FAULT_MALFORMED;
  if (failure === 0 && (shape === ALIVE || shape === NODE_STATE)) stamp(record);
  return failure;
}

function decodeMap(shape: usize, count: u32, record: usize): void {
  const known = fieldCount(shape);
  // Go sends keys in the order of the table, so the next key most likely belongs to the next field.
  let guess: u32 = 0;
  while (count > 0 && failure === 0) {
    count -= 1;
    if (!readSpan()) return;
    let found: usize = 0;
    for (let tries = known; tries > 0 && spanLength < 16; tries--) {
      const field = fieldAt(shape, guess);
      guess = guess + 1 === known ? 0 : guess + 1;
      if (Field.keyLength(field) !== spanLength) continue;
      const key = v128.and(v128.load(spanAt), v128.load(keyMasks + (spanLength << 4)));
      if (v128.any_true(v128.xor(key, Field.key(field)))) continue;
      found = field;
      break;
    }
    if (found !== 0) decodeField(found, record);
    else skip(0);
  }
}

function decodeArray(shape: usize, count: u32, record: usize): void {
  const known = fieldCount(shape);
  for (let index: u32 = 0; index < count && failure === 0; index++) {
    let number: u32 = 0;
    while (number < known && Field.index(fieldAt(shape, number)) !== index) number++;
    if (number < known) decodeField(fieldAt(shape, number), record);
    else skip(0);
  }
}

function decodeField(field: usize, record: usize): void {
  const slot = record + Field.slot(field);
  const kind = Field.kind(field);
  if (kind === KIND_NAME) {
    if (!readSpan()) return;
    store<u32>(slot, <u32>spanAt);
    store<u32>(slot, spanLength, 4);
    store<u32>(slot, numberOf(spanAt, spanLength), 8);
  } else if (kind === KIND_BYTES) {
    const isNil = cursor < end && load<u8>(cursor) === 0xc0;
    if (!readBytes()) return;
    store<u32>(slot, <u32>spanAt);
    store<u32>(slot, isNil ? 0 : spanLength + 1, 4);
  } else if (kind === KIND_TEXT) {
    if (!readSpan()) return;
    store<u32>(slot, <u32>spanAt);
    store<u32>(slot, spanLength, 4);
  } else if (kind === KIND_BOOL) {
    const value = readByte();
    if (value === 0xc3 || value === 1) store<u32>(slot, 1);
    else if (value === 0xc2 || value === 0 || value === 0xc0) store<u32>(slot, 0);
    else failure = failure === 0 ? FAULT_MALFORMED : failure;
  } else if (kind === KIND_INT) {
    // Saturate, because numbers out of range are refused or ignored anyway.
    const value = readInteger(true);
    store<i32>(slot, <i32>min<i64>(max<i64>(value, i32.MIN_VALUE), i32.MAX_VALUE));
  } else {
    const value = <u64>readInteger(false);
    const limit: u64 = kind === KIND_U8 ? 0xff : kind === KIND_U16 ? 0xffff : 0xffffffff;
    if (value > limit) failure = failure === 0 ? FAULT_OUT_OF_RANGE : failure;
    store<u32>(slot, <u32>value);
  }
}

/** Returns the next byte; at the end 0, and sets a failure. */
function readByte(): u32 {
  if (cursor >= end) {
    failure = FAULT_TRUNCATED;
    return 0;
  }
  const value = load<u8>(cursor);
  cursor += 1;
  return value;
}

/** Skips `count` bytes, which are then at `cursor - count`. Returns false if there are fewer. */
function take(count: usize): bool {
  if (count > end - cursor) {
    failure = FAULT_TRUNCATED;
    return false;
  }
  cursor += count;
  return true;
}

function readInteger16(): u32 {
  return take(2) ? BigEndian.load16(cursor - 2) : 0;
}

function readInteger32(): u32 {
  return take(4) ? BigEndian.load32(cursor - 4) : 0;
}

/**
 * Reads an integer of any form; nil is 0. Unsigned fields refuse negative numbers; in signed ones,
 * 64-bit unsigned numbers wrap as in Go.
 */
function readInteger(signed: bool): i64 {
  const head = readByte();
  if (head < 0x80) return head;
  let value: i64 = 0;
  let negative = false;
  if (head >= 0xe0) value = <i64>(<i8>head);
  else if (head === 0xcc) value = readByte();
  else if (head === 0xcd) value = readInteger16();
  else if (head === 0xce) value = readInteger32();
  else if (head === 0xcf) return take(8) ? <i64>bswap<u64>(load<u64>(cursor - 8)) : 0;
  else if (head === 0xd0) value = <i64>(<i8>readByte());
  else if (head === 0xd1) value = <i64>(<i16>readInteger16());
  else if (head === 0xd2) value = <i64>(<i32>readInteger32());
  else if (head === 0xd3) value = take(8) ? <i64>bswap<u64>(load<u64>(cursor - 8)) : 0;
  else if (head !== 0xc0) failure = failure === 0 ? FAULT_MALFORMED : failure;
  negative = value < 0;
  if (negative && !signed) {
    failure = failure === 0 ? FAULT_OUT_OF_RANGE : failure;
    return 0;
  }
  return value;
}

/** Reads a string or bytes of any form, or nil, into `spanAt` and `spanLength`. */
function readSpan(): bool {
  const head = readByte();
  if (failure !== 0) return false;
  let length: u32 = 0;
  if ((head & 0xe0) === 0xa0) length = head & 31;
  else if (head === 0xd9 || head === 0xc4) length = readByte();
  else if (head === 0xda || head === 0xc5) length = readInteger16();
  else if (head === 0xdb || head === 0xc6) length = readInteger32();
  else if (head !== 0xc0) failure = FAULT_MALFORMED;
  if (failure !== 0 || !take(length)) return false;
  spanAt = cursor - length;
  spanLength = length;
  return true;
}

/** Reads like `readSpan`, but also accepts an array of small integers, which it packs in place. */
function readBytes(): bool {
  if (cursor >= end) {
    failure = FAULT_TRUNCATED;
    return false;
  }
  const head = <u32>load<u8>(cursor);
  const isArray = (head & 0xf0) === 0x90 || head === 0xdc || head === 0xdd;
  if (!isArray) return readSpan();
  const start = cursor;
  cursor += 1;
  const count = head === 0xdc ? readInteger16() : head === 0xdd ? readInteger32() : head & 15;
  for (let index: u32 = 0; index < count && failure === 0; index++) {
    const value = <u64>readInteger(false);
    if (value > 0xff) failure = failure === 0 ? FAULT_OUT_OF_RANGE : failure;
    if (failure !== 0) return false;
    store<u8>(start + index, <u8>value);
  }
  spanAt = start;
  spanLength = count;
  return failure === 0;
}

/** Skips a value of any kind. */
function skip(depth: u32): void {
  const head = readByte();
  if (failure !== 0 || head < 0x80 || head >= 0xe0) return;
  if (depth >= NESTING_MAX) failure = FAULT_TOO_DEEP;
  else if (head < 0x90) skipMany((head & 15) << 1, depth);
  else if (head < 0xa0) skipMany(head & 15, depth);
  else if (head < 0xc0) take(head & 31);
  else if (head === 0xc1) failure = FAULT_MALFORMED;
  else if (head === 0xc4 || head === 0xd9) take(readByte());
  else if (head === 0xc5 || head === 0xda) take(readInteger16());
  else if (head === 0xc6 || head === 0xdb) take(readInteger32());
  else if (head === 0xc7) take(readByte() + 1);
  else if (head === 0xc8) take(readInteger16() + 1);
  else if (head === 0xc9) {
    take(readInteger32());
    take(1);
  } else if (head === 0xcc || head === 0xd0) take(1);
  else if (head === 0xcd || head === 0xd1) take(2);
  else if (head === 0xca || head === 0xce || head === 0xd2) take(4);
  else if (head === 0xcb || head === 0xcf || head === 0xd3) take(8);
  else if (head >= 0xd4 && head <= 0xd8) take(((<usize>1) << (head - 0xd4)) + 1);
  else if (head === 0xdc) skipMany(readInteger16(), depth);
  else if (head === 0xdd) skipMany(readInteger32(), depth);
  else if (head === 0xde) skipMany((<u64>readInteger16()) << 1, depth);
  else if (head === 0xdf) skipMany((<u64>readInteger32()) << 1, depth);
}

/**
 * Skips `count` values, until the first failure. Every value takes at least a byte, so a false
 * count costs no time.
 */
function skipMany(count: u64, depth: u32): void {
  for (; count > 0 && failure === 0; count--) skip(depth + 1);
}

/** Encodes `record` as an object of a shape at `at`. Returns the address after it. */
export function encode(shape: u32, record: usize, at: usize): usize {
  const fields = shapeAt(shape);
  const head = at;
  at += 1;
  let written: u32 = 0;
  for (let number: u32 = 0; number < fieldCount(fields); number++) {
    const field = fieldAt(fields, number);
    const slot = record + Field.slot(field);
    const kind = Field.kind(field);
    const first = load<u32>(slot);
    const second = load<u32>(slot, 4);
    const isEmpty = kind === KIND_BYTES ? second <= 1 : kind === KIND_NAME ? second === 0 : first === 0;
    if (Field.optional(field) && isEmpty) continue;
    written += 1;
    const keyLength = Field.keyLength(field);
    store<u8>(at, <u8>(0xa0 | keyLength));
    v128.store(at + 1, Field.key(field));
    at += 1 + keyLength;
    if (kind === KIND_BOOL) {
      store<u8>(at, first === 0 ? 0xc2 : 0xc3);
      at += 1;
    } else if (kind === KIND_NAME || kind === KIND_TEXT) at = writeSpan(at, first, second);
    else if (kind !== KIND_BYTES) at = writeInteger(at, first);
    else if (second !== 0) at = writeSpan(at, first, second - 1);
    else {
      store<u8>(at, 0xc0);
      at += 1;
    }
  }
  store<u8>(head, <u8>(0x80 | written));
  return at;
}

function writeInteger(at: usize, value: u32): usize {
  if (value < 0x80) {
    store<u8>(at, <u8>value);
    return at + 1;
  }
  if (value < 0x100) {
    store<u8>(at, 0xcc);
    store<u8>(at, <u8>value, 1);
    return at + 2;
  }
  if (value < 0x10000) {
    store<u8>(at, 0xcd);
    BigEndian.store16(at + 1, value);
    return at + 3;
  }
  store<u8>(at, 0xce);
  BigEndian.store32(at + 1, value);
  return at + 5;
}

function writeSpan(at: usize, source: usize, length: u32): usize {
  const start = writeSpanHeader(at, length);
  memory.copy(start, source, length);
  return start + length;
}

/**
 * Writes the header of a raw string, whose forms have no one-byte length. Returns the address for
 * the bytes.
 */
export function writeSpanHeader(at: usize, length: u32): usize {
  if (length < 32) {
    store<u8>(at, <u8>(0xa0 | length));
    return at + 1;
  }
  if (length < 0x10000) {
    store<u8>(at, 0xda);
    BigEndian.store16(at + 1, length);
    return at + 3;
  }
  store<u8>(at, 0xdb);
  BigEndian.store32(at + 1, length);
  return at + 5;
}

/** Returns how many bytes `writeSpanHeader` writes. */
export function spanHeaderSize(length: u32): usize {
  return length < 32 ? 1 : length < 0x10000 ? 3 : 5;
}
