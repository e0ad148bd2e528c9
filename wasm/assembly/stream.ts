/**
 * Stream frames. A whole frame in the input is decrypted and decompressed; its message is decoded
 * in batches, so that a large push/pull needs no large table.
 */

import {
  COMPRESS,
  ENCRYPT,
  ENCRYPTION_OVERHEAD,
  FRAME_EMPTY,
  FRAME_MORE,
  FRAME_UNDECRYPTABLE,
  RECORD_SIZE,
  RECORDS_MAX,
  SEAL_COMPRESS,
  SEAL_ENCRYPT,
  SEAL_OLD,
  STREAM_HEADER_SIZE,
} from "./abi";
import {
  beginDecryption,
  beginEncryption,
  beginPacking,
  beginUnpacking,
  CIPHER_MORE,
  decryptPart,
  encryptPart,
  packPart,
  prefixLabel,
  resultAt,
  unpackPart,
} from "./envelope";
import {
  BigEndian,
  input,
  labelLength,
  markInput,
  output,
  outputLimit,
  records,
  SLACK,
  streamHeader,
} from "./memory";
import { cursor, decode } from "./msgpack";
import { makeRoom } from "./names";

/** The message that `openFrame` found. */
export let messageAt: usize = 0;
let messageEnd: usize = 0;
/** Where `decodeMany` stopped. */
export let decodedTo: usize = 0;
/** Whether `decodeMany` dropped all names first. */
export let forgot: bool = false;

/**
 * How many bytes are decompressed, compressed, or encrypted, decrypted or hashed, at once: some
 * milliseconds of work.
 */
const UNPACKED_PART: u32 = 2097152;
const PACKED_PART: u32 = 524288;
const CIPHER_PART: u32 = 1048576;

/** Whether `openMore` has to decrypt before it can decompress. */
let decrypting: bool = false;

/** What is sealed: where it is by now, its length and options. */
let sealAt: usize = 0;
let sealLength: u32 = 0;
let sealFlags: u32 = 0;
let sealLabel: bool = false;
/** What `sealMore` does next. */
let stage: u32 = 0;
const PACKING: u32 = 0;
const PACKED: u32 = 1;
const ENCRYPTING: u32 = 2;

/**
 * Opens the frame of `length` bytes in the input. Returns the length of the message at `messageAt`,
 * type byte first, or `FRAME_MORE` if `openMore` has to go on.
 */
export function openFrame(length: u32): i32 {
  markInput(input + length);
  memory.fill(input + length, 0, SLACK);
  if (length === 0) return FRAME_EMPTY;
  decrypting = load<u8>(input) === ENCRYPT;
  if (!decrypting) return openPlain(input, input + length);
  const head = STREAM_HEADER_SIZE;
  if (length < head) return FRAME_UNDECRYPTABLE;
  memory.copy(streamHeader, input, head);
  beginDecryption(input + head, length - head, streamHeader, head + labelLength);
  return openMore();
}

/** Decrypts or decompresses the next part of the frame. Returns the same as `openFrame`. */
export function openMore(): i32 {
  if (decrypting) {
    const plain = decryptPart(CIPHER_PART);
    if (plain === CIPHER_MORE) return FRAME_MORE;
    decrypting = false;
    if (plain < 0) return FRAME_UNDECRYPTABLE;
    if (plain === 0) return FRAME_EMPTY;
    memory.fill(resultAt + plain, 0, 64);
    return openPlain(resultAt, resultAt + plain);
  }
  const size = unpackPart(UNPACKED_PART);
  if (size < 0) return size;
  if (size === 0) return FRAME_EMPTY;
  messageAt = output;
  messageEnd = output + size;
  memory.fill(messageEnd, 0, 64);
  return size;
}

/** Opens the frame from `at` to `end`, which is not encrypted. */
function openPlain(at: usize, end: usize): i32 {
  if (load<u8>(at) === COMPRESS) {
    const failure = beginUnpacking(at + 1, end, output, <u32>outputLimit);
    return failure === 0 ? openMore() : failure;
  }
  messageAt = at;
  messageEnd = end;
  return <i32>(end - at);
}

/** Makes the `length` bytes in the input the message. */
export function useInput(length: u32): void {
  markInput(input + length);
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
 * Seals the message of `length` bytes in the input as a frame. Returns its length, from `resultAt`,
 * or `FRAME_MORE` if `sealMore` has to go on.
 */
export function sealFrame(length: u32, flags: u32, labelHeader: bool): i32 {
  markInput(input + length);
  sealAt = input;
  sealLength = length;
  sealFlags = flags;
  sealLabel = labelHeader;
  stage = PACKED;
  if (flags & SEAL_COMPRESS) {
    stage = PACKING;
    beginPacking(input, length);
  }
  return sealMore();
}

/** Compresses or encrypts the next part of the frame. Returns the same as `sealFrame`. */
export function sealMore(): i32 {
  if (stage === PACKING) {
    const size = packPart(PACKED_PART);
    if (size < 0) return FRAME_MORE;
    sealLength = size;
    sealAt = resultAt;
    stage = PACKED;
  }
  if ((sealFlags & SEAL_ENCRYPT) === 0) return <i32>prefixLabel(sealAt, sealLength, sealLabel);
  const head = STREAM_HEADER_SIZE;
  if (stage === PACKED) {
    const old = (sealFlags & SEAL_OLD) !== 0;
    store<u8>(streamHeader, ENCRYPT);
    BigEndian.store32(streamHeader + 1, ENCRYPTION_OVERHEAD + (old ? (sealLength & ~15) + 16 : sealLength));
    beginEncryption(sealAt, sealLength, old, streamHeader, head + labelLength);
    stage = ENCRYPTING;
  }
  const length = encryptPart(CIPHER_PART);
  if (length < 0) return FRAME_MORE;
  sealAt = resultAt - head;
  memory.copy(sealAt, streamHeader, head);
  return <i32>prefixLabel(sealAt, length + head, sealLabel);
}
