/**
 * Datagrams. Opening removes label, encryption, CRC, compression and compounds, and fills the table
 * of records. Sealing adds the same envelopes from the inside out, each in the room in front of the
 * bytes.
 */

import {
  COMPOUND,
  COMPRESS,
  CRC,
  DROP_CHECKSUM_WRONG,
  DROP_EMPTY,
  DROP_LABEL_MALFORMED,
  DROP_LABEL_WRONG,
  DROP_UNDECRYPTABLE,
  ERROR,
  FAULT_CUT,
  FAULT_EMPTY,
  FAULT_ENVELOPES,
  FAULT_LENGTHS,
  FAULT_MANY,
  FAULT_UNSUPPORTED,
  FAULTS_MAX,
  LABEL,
  PUSH_PULL,
  RECORD_SIZE,
  RECORDS_MAX,
  SEAL_COMPRESS,
  SEAL_CRC,
  SEAL_ENCRYPT,
  SEAL_OLD,
  SLOT_EXTRA,
  USER,
} from "./abi";
import { crc32 } from "./crc32";
import { BADLY_PADDED, decryptAny, encryptAt, pack, prefixLabel, resultAt, unpackEnvelope } from "./envelope";
import {
  BigEndian,
  faults,
  input,
  keyCount,
  label,
  labelLength,
  markInput,
  output,
  outputLimit,
  records,
  SLACK,
} from "./memory";
import { decode } from "./msgpack";
import { makeRoom } from "./names";
import { fieldCount, shapeAt } from "./schema";

/** The maximum nesting of envelopes. memberlist has no limit, and never sends more than two. */
const DEPTH_MAX: u32 = 4;

/** The number of dropped parts; the first `FAULTS_MAX` are described at `faults`. */
export let faultCount: u32 = 0;
/** Whether `open` dropped all names first. */
export let forgot: bool = false;
let recordCount: u32 = 0;
let decompressedEnd: usize = 0;

/**
 * Opens the packet of `length` bytes in the input. Returns the number of records, or why the packet
 * is dropped.
 */
export function open(length: u32, verify: bool): i32 {
  // A record has at most two names.
  forgot = makeRoom(2 * RECORDS_MAX);
  faultCount = 0;
  recordCount = 0;
  decompressedEnd = output;
  let at = input;
  let end = input + length;
  markInput(end);
  memory.fill(end, 0, SLACK);
  if (length === 0) return DROP_EMPTY;
  let received: u32 = 0;
  if (load<u8>(at) === LABEL) {
    if (length < 2 || load<u8>(at, 1) === 0 || length < <u32>load<u8>(at, 1) + 2) return DROP_LABEL_MALFORMED;
    received = load<u8>(at, 1);
    at += 2;
  }
  if (received !== labelLength || memory.compare(at, label, received) !== 0) return DROP_LABEL_WRONG;
  at += received;
  if (at === end) return DROP_EMPTY;

  if (keyCount > 0) {
    const plain = decryptAny(at, <u32>(end - at), label, labelLength);
    if (plain >= 0) {
      at = resultAt;
      end = at + plain;
      memory.fill(end, 0, 64);
      if (plain === 0) return DROP_EMPTY;
    } else if (verify || plain === BADLY_PADDED) return DROP_UNDECRYPTABLE;
  }
  if (end - at >= 5 && load<u8>(at) === CRC) {
    if (crc32(at + 5, <u32>(end - at) - 5) !== BigEndian.load32(at + 1)) return DROP_CHECKSUM_WRONG;
    at += 5;
  }
  dispatch(at, end, 0);
  return recordCount;
}

function dispatch(at: usize, end: usize, depth: u32): void {
  if (at >= end) {
    fault(FAULT_EMPTY, 0);
    return;
  }
  const type = <u32>load<u8>(at);
  if (type === COMPOUND || type === COMPRESS) {
    if (depth >= DEPTH_MAX) {
      fault(FAULT_ENVELOPES, type);
      return;
    }
    if (type === COMPOUND) splitCompound(at + 1, end, depth);
    else unpack(at + 1, end, depth);
    return;
  }
  if (!isForPackets(type)) {
    fault(FAULT_UNSUPPORTED, type);
    return;
  }
  if (recordCount >= RECORDS_MAX) {
    fault(FAULT_MANY, type);
    return;
  }
  const record = records + recordCount * RECORD_SIZE;
  if (type === USER) {
    memory.fill(record, 0, RECORD_SIZE);
    store<u32>(record, USER);
    storeSpan(record, at + 1, <u32>(end - at) - 1);
  } else {
    const failure = decode(type, at + 1, end, record);
    if (failure !== 0) {
      fault(failure, type);
      return;
    }
  }
  recordCount += 1;
}

/** Returns whether messages of a type occur in packets and have a body that is decoded. */
function isForPackets(type: u32): bool {
  if (type >= ERROR || type === PUSH_PULL) return false;
  return fieldCount(shapeAt(type)) !== 0;
}

function splitCompound(at: usize, end: usize, depth: u32): void {
  if (at >= end) {
    fault(FAULT_LENGTHS, COMPOUND);
    return;
  }
  const count = <usize>load<u8>(at);
  const lengths = at + 1;
  let part = lengths + 2 * count;
  if (part > end) {
    fault(FAULT_LENGTHS, COMPOUND);
    return;
  }
  for (let index: usize = 0; index < count; index++) {
    const length = BigEndian.load16(lengths + 2 * index);
    if (length > <u32>(end - part)) {
      fault(FAULT_CUT, <u32>(count - index));
      return;
    }
    dispatch(part, part + length, depth + 1);
    part += length;
  }
}

function unpack(at: usize, end: usize, depth: u32): void {
  const start = decompressedEnd;
  const size = unpackEnvelope(at, end, start, <u32>(output + outputLimit - start));
  if (size < 0) {
    fault(<u32>-size, COMPRESS);
    // Charge failed decompression to the budget too, or bad parts would cost more than good ones.
    decompressedEnd = output + outputLimit;
    return;
  }
  decompressedEnd = start + size;
  // The zeros prevent later code from reading bytes of an earlier packet.
  memory.fill(decompressedEnd, 0, 64);
  decompressedEnd += min<usize>(64, output + outputLimit - decompressedEnd);
  dispatch(start, start + size, depth + 1);
}

function storeSpan(record: usize, at: usize, length: u32): void {
  store<u32>(record + (SLOT_EXTRA << 2), <u32>at);
  store<u32>(record + (SLOT_EXTRA << 2), length + 1, 4);
}

function fault(code: u32, type: u32): void {
  if (faultCount < FAULTS_MAX) {
    store<u32>(faults + (faultCount << 3), code);
    store<u32>(faults + (faultCount << 3), type, 4);
  }
  faultCount += 1;
}

/**
 * Seals the `count` parts that follow each other in the input; their lengths are 32-bit integers at
 * `records`. Returns the length of the packet at `resultAt`.
 */
export function seal(count: u32, flags: u32): i32 {
  let at = input;
  let length: u32 = 0;
  for (let index: u32 = 0; index < count; index++) length += load<u32>(records + (index << 2));
  markInput(input + length);
  if (count > 1) {
    const head = 2 + 2 * count;
    at -= head;
    length += head;
    store<u8>(at, COMPOUND);
    store<u8>(at, <u8>count, 1);
    for (let index: u32 = 0; index < count; index++) {
      BigEndian.store16(at + 2 + 2 * index, load<u32>(records + (index << 2)));
    }
  }
  if (flags & SEAL_COMPRESS) {
    const packed = pack(at, length);
    if (packed < length) {
      at = resultAt;
      length = packed;
    }
  }
  if (flags & SEAL_CRC) {
    const sum = crc32(at, length);
    at -= 5;
    length += 5;
    store<u8>(at, CRC);
    BigEndian.store32(at + 1, sum);
  }
  if (flags & SEAL_ENCRYPT) {
    length = encryptAt(at, length, (flags & SEAL_OLD) !== 0, label, labelLength);
    at = resultAt;
  }
  return prefixLabel(at, length, true);
}
