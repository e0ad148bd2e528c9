/**
 * Stream frames. A whole frame in the input is decrypted and decompressed; its message is decoded
 * in batches, so that a large push/pull needs no large table.
 */

import {
  COMPRESS,
  ENCRYPT,
  ENCRYPTION_OVERHEAD,
  FRAME_EMPTY,
  FRAME_UNDECRYPTABLE,
  RECORD_SIZE,
  RECORDS_MAX,
  SEAL_COMPRESS,
  SEAL_ENCRYPT,
  SEAL_OLD,
  STREAM_HEADER_SIZE,
} from "./abi";
import { beginUnpacking, decryptAny, encryptAt, pack, prefixLabel, resultAt, unpackPart } from "./envelope";
import { BigEndian, input, labelLength, output, outputLimit, records, SLACK, streamHeader } from "./memory";
import { cursor, decode } from "./msgpack";
import { makeRoom } from "./names";

/** The message that `openFrame` found. */
export let messageAt: usize = 0;
let messageEnd: usize = 0;
/** Where `decodeMany` stopped. */
export let decodedTo: usize = 0;
/** Whether `decodeMany` dropped all names first. */
export let forgot: bool = false;

/** How many bytes are decompressed at once: some milliseconds of work. */
const PART: u32 = 2097152;

/**
 * Opens the frame of `length` bytes in the input. Returns the length of the message at `messageAt`,
 * type byte first, or `FRAME_MORE` if `openMore` has to go on.
 */
export function openFrame(length: u32): i32 {
  let at = input;
  let end = input + length;
  memory.fill(end, 0, SLACK);
  if (length === 0) return FRAME_EMPTY;
  if (load<u8>(at) === ENCRYPT) {
    if (length < STREAM_HEADER_SIZE) return FRAME_UNDECRYPTABLE;
    const head = STREAM_HEADER_SIZE;
    memory.copy(streamHeader, at, head);
    const plain = decryptAny(at + head, length - head, streamHeader, head + labelLength);
    if (plain < 0) return FRAME_UNDECRYPTABLE;
    if (plain === 0) return FRAME_EMPTY;
    at = resultAt;
    end = at + plain;
    memory.fill(end, 0, 64);
  }
  if (load<u8>(at) === COMPRESS) {
    const failure = beginUnpacking(at + 1, end, output, <u32>outputLimit);
    return failure === 0 ? openMore() : failure;
  }
  messageAt = at;
  messageEnd = end;
  return <i32>(end - at);
}

/** Decompresses the next part of the frame. Returns the same as `openFrame`. */
export function openMore(): i32 {
  const size = unpackPart(PART);
  if (size < 0) return size;
  if (size === 0) return FRAME_EMPTY;
  messageAt = output;
  messageEnd = output + size;
  memory.fill(messageEnd, 0, 64);
  return size;
}

/** Makes the `length` bytes in the input the message. */
export function useInput(length: u32): void {
  memory.fill(input + length, 0, SLACK);
  messageAt = input;
  messageEnd = input + length;
}

/**
 * Decodes `count` objects of a shape from `at` into the table, at most as many as it holds. Returns
 * 0, or why it failed.
 */
export function decodeMany(shape: u32, count: u32, at: usize): u32 {
  forgot = makeRoom(2 * RECORDS_MAX);
  decodedTo = at;
  for (let index: u32 = 0; index < min(count, RECORDS_MAX); index++) {
    const failure = decode(shape, decodedTo, messageEnd, records + index * RECORD_SIZE);
    if (failure !== 0) return failure;
    decodedTo = cursor;
  }
  return 0;
}

/**
 * Seals the message of `length` bytes in the input as a frame. Returns its length, from `resultAt`.
 */
export function sealFrame(length: u32, flags: u32, labelHeader: bool): u32 {
  let at = input;
  if (flags & SEAL_COMPRESS) {
    length = pack(at, length);
    at = resultAt;
  }
  if (flags & SEAL_ENCRYPT) {
    const old = (flags & SEAL_OLD) !== 0;
    const head = STREAM_HEADER_SIZE;
    store<u8>(streamHeader, ENCRYPT);
    BigEndian.store32(streamHeader + 1, ENCRYPTION_OVERHEAD + (old ? (length & ~15) + 16 : length));
    length = encryptAt(at, length, old, streamHeader, head + labelLength) + head;
    at = resultAt - head;
    memory.copy(at, streamHeader, head);
  }
  return prefixLabel(at, length, labelHeader);
}
