/**
 * The envelopes that packets and stream frames share: encryption, compression and the label header.
 * An envelope is written into the reserved room in front of the bytes, so that nothing is copied.
 */

import {
  COMPRESS,
  ENCRYPTION_OVERHEAD,
  FAULT_ALGORITHM,
  FAULT_COMPRESSION,
  FAULT_LARGE,
  FRAME_MORE,
  LABEL,
  NONCE_SIZE,
  PADDING_MAX,
  RECORD_SIZE,
  SLOT_EXTRA,
  SLOT_NUMBER,
} from "./abi";
import { decrypt, encrypt, keyAt } from "./gcm";
import { beginDecompression, compress, decompressPart, LZW_MORE, LZW_TOO_LARGE } from "./lzw";
import { keyCount, label, labelLength, nonce, output } from "./memory";
import { decode, spanHeaderSize, writeSpanHeader } from "./msgpack";

/** The begin of a compress message: a map of two with "Algo" 0, and the key "Buf". */
const compressHead: usize = memory.data<u8>([
  0x09, 0x82, 0xa4, 0x41, 0x6c, 0x67, 0x6f, 0x00, 0xa3, 0x42, 0x75, 0x66,
]);
const COMPRESS_HEAD_SIZE: u32 = 12;
const envelope: usize = memory.data(RECORD_SIZE, 16);

/** No key can decrypt the bytes, which are unchanged. */
export const NOT_DECRYPTED: i32 = -1;
/** A key can decrypt the bytes, but the padding is malformed. The bytes have been overwritten. */
export const BADLY_PADDED: i32 = -2;

/** The address of the result of the last function here. */
export let resultAt: usize = 0;

/**
 * Decrypts version, nonce, ciphertext and tag with any of the keys. Returns the length of the text
 * at `resultAt`, or why there is none.
 */
export function decryptAny(at: usize, length: u32, aad: usize, aadLength: u32): i32 {
  if (length < ENCRYPTION_OVERHEAD) return NOT_DECRYPTED;
  const version = <u32>load<u8>(at);
  if (version > 1) return NOT_DECRYPTED;
  const text = at + 1 + NONCE_SIZE;
  const size = length - ENCRYPTION_OVERHEAD;
  for (let index: u32 = 0; index < keyCount; index++) {
    if (!decrypt(keyAt(index), at + 1, aad, aadLength, text, size)) continue;
    resultAt = text;
    return version === 1 ? <i32>size : unpadded(text, size);
  }
  return NOT_DECRYPTED;
}

/**
 * Checks and removes PKCS #7 padding: one to sixteen bytes, each with their number. Go reads only
 * the last byte, but what Go sends passes this check too.
 */
function unpadded(text: usize, size: u32): i32 {
  if (size === 0 || (size & 15) !== 0) return BADLY_PADDED;
  const padding = <u32>load<u8>(text + size - 1);
  if (padding === 0 || padding > PADDING_MAX) return BADLY_PADDED;
  for (let index: u32 = 1; index <= padding; index++) {
    if (load<u8>(text + size - index) !== padding) return BADLY_PADDED;
  }
  return <i32>(size - padding);
}

/**
 * Decompresses the compress message whose map is from `at` to `end`. Returns the size of the text
 * at `target`, or a negated fault code.
 */
export function unpackEnvelope(at: usize, end: usize, target: usize, limit: u32): i32 {
  const failure = beginUnpacking(at, end, target, limit);
  return failure === 0 ? unpackPart(u32.MAX_VALUE) : failure;
}

/** Reads a compress message and begins what `unpackPart` does. Returns 0, or why it is refused. */
export function beginUnpacking(at: usize, end: usize, target: usize, limit: u32): i32 {
  const failure = decode(COMPRESS, at, end, envelope);
  if (failure !== 0) return -(<i32>failure);
  if (load<u32>(envelope + (SLOT_NUMBER << 2)) !== 0) return -(<i32>FAULT_ALGORITHM);
  const source = load<u32>(envelope + (SLOT_EXTRA << 2));
  const length = load<u32>(envelope + (SLOT_EXTRA << 2), 4);
  beginDecompression(source, length === 0 ? 0 : length - 1, target, limit);
  return 0;
}

/**
 * Decompresses about `part` bytes more. Returns the size of all if it is complete, or why it is
 * refused, or `FRAME_MORE`.
 */
export function unpackPart(part: u32): i32 {
  const size = decompressPart(part);
  if (size >= 0) return size;
  if (size === LZW_MORE) return FRAME_MORE;
  return size === LZW_TOO_LARGE ? -(<i32>FAULT_LARGE) : -(<i32>FAULT_COMPRESSION);
}

/** Puts `length` bytes into a compress message in the output and returns its length. */
export function pack(at: usize, length: u32): u32 {
  const size = compress(at, length, output);
  resultAt = output - spanHeaderSize(size) - COMPRESS_HEAD_SIZE;
  memory.copy(resultAt, compressHead, COMPRESS_HEAD_SIZE);
  writeSpanHeader(resultAt + COMPRESS_HEAD_SIZE, size);
  return <u32>(output - resultAt) + size;
}

/**
 * Encrypts in place with the primary key and writes version and nonce in front. Returns the whole
 * length, from `resultAt`.
 */
export function encryptAt(at: usize, length: u32, old: bool, aad: usize, aadLength: u32): u32 {
  if (old) {
    const padding = PADDING_MAX - (length & 15);
    memory.fill(at + length, <u8>padding, padding);
    length += padding;
  }
  resultAt = at - 1 - NONCE_SIZE;
  store<u8>(resultAt, old ? 0 : 1);
  memory.copy(resultAt + 1, nonce, NONCE_SIZE);
  encrypt(keyAt(0), resultAt + 1, aad, aadLength, at, length);
  return length + ENCRYPTION_OVERHEAD;
}

/**
 * Writes the label header in front of `length` bytes at `at`, if `wanted` and there is a label.
 * Returns the whole length.
 */
export function prefixLabel(at: usize, length: u32, wanted: bool): u32 {
  resultAt = at;
  if (!wanted || labelLength === 0) return length;
  resultAt -= 2 + labelLength;
  store<u8>(resultAt, LABEL);
  store<u8>(resultAt, <u8>labelLength, 1);
  memory.copy(resultAt + 2, label, labelLength);
  return length + 2 + labelLength;
}
