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
import { applyPart, begin, hashPart, isApplied, isHashed, keyAt, tag } from "./gcm";
import {
  beginCompression,
  beginDecompression,
  compressPart,
  decompressPart,
  LZW_MORE,
  LZW_TOO_LARGE,
} from "./lzw";
import { keyCount, label, labelLength, markOutput, markWholeOutput, nonce, output } from "./memory";
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

/** A part is decrypted or encrypted, and there is more. */
export const CIPHER_MORE: i32 = -3;

/** The address of the result of the last function here. */
export let resultAt: usize = 0;

/** Where `unpackPart` decompresses to. */
let unpackedAt: usize = 0;

/** What `beginDecryption` or `beginEncryption` set. */
let sealedAt: usize = 0;
let sealedLength: u32 = 0;
let aadAt: usize = 0;
let aadSize: u32 = 0;
let keyIndex: u32 = 0;
/** Whether the key is the right one, so that the text may be decrypted. */
let verified: bool = false;

/**
 * Decrypts version, nonce, ciphertext and tag with any of the keys. Returns the length of the text
 * at `resultAt`, or why there is none.
 */
export function decryptAny(at: usize, length: u32, aad: usize, aadLength: u32): i32 {
  beginDecryption(at, length, aad, aadLength);
  return decryptPart(u32.MAX_VALUE);
}

/** Begins what `decryptPart` does. */
export function beginDecryption(at: usize, length: u32, aad: usize, aadLength: u32): void {
  sealedAt = at;
  sealedLength = length;
  aadAt = aad;
  aadSize = aadLength;
  keyIndex = 0;
  verified = false;
  if (isSealed() && keyCount > 0) beginKey();
}

/**
 * Hashes, or decrypts, about `part` bytes more. Nothing is decrypted before the tag is found to be
 * right. Returns the same as `decryptAny`, or `CIPHER_MORE`.
 */
export function decryptPart(part: u32): i32 {
  if (!isSealed()) return NOT_DECRYPTED;
  const text = sealedAt + 1 + NONCE_SIZE;
  const size = sealedLength - ENCRYPTION_OVERHEAD;
  let left = part;
  while (!verified) {
    if (keyIndex >= keyCount) return NOT_DECRYPTED;
    left -= hashPart(left);
    if (!isHashed()) return CIPHER_MORE;
    verified = !v128.any_true(v128.xor(tag(), v128.load(text + size)));
    if (verified) break;
    keyIndex += 1;
    if (keyIndex < keyCount) beginKey();
  }
  // A long text is decrypted in parts of their own.
  if (left < size && left < part) return CIPHER_MORE;
  if (!applyPart(left)) return CIPHER_MORE;
  resultAt = text;
  return load<u8>(sealedAt) === 1 ? <i32>size : unpadded(text, size);
}

/** Returns whether the bytes to decrypt have a version, and room for what that brings. */
function isSealed(): bool {
  return sealedLength >= ENCRYPTION_OVERHEAD && load<u8>(sealedAt) <= 1;
}

/** Begins with the next key. */
function beginKey(): void {
  const text = sealedAt + 1 + NONCE_SIZE;
  begin(keyAt(keyIndex), sealedAt + 1, aadAt, aadSize, text, sealedLength - ENCRYPTION_OVERHEAD);
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
  unpackedAt = target;
  return 0;
}

/**
 * Decompresses about `part` bytes more. Returns the size of all if it is complete, or why it is
 * refused, or `FRAME_MORE`.
 */
export function unpackPart(part: u32): i32 {
  const size = decompressPart(part);
  if (size >= 0) {
    markOutput(unpackedAt + size);
    return size;
  }
  if (size === LZW_MORE) return FRAME_MORE;
  markWholeOutput();
  return size === LZW_TOO_LARGE ? -(<i32>FAULT_LARGE) : -(<i32>FAULT_COMPRESSION);
}

/** Puts `length` bytes into a compress message in the output and returns its length. */
export function pack(at: usize, length: u32): u32 {
  beginPacking(at, length);
  return <u32>packPart(u32.MAX_VALUE);
}

/** Begins what `packPart` does. */
export function beginPacking(at: usize, length: u32): void {
  beginCompression(at, length, output);
}

/** Compresses about `part` bytes more. Returns the same as `pack`, or `LZW_MORE`. */
export function packPart(part: u32): i32 {
  const size = compressPart(part);
  if (size < 0) return size;
  markOutput(output + size);
  resultAt = output - spanHeaderSize(size) - COMPRESS_HEAD_SIZE;
  memory.copy(resultAt, compressHead, COMPRESS_HEAD_SIZE);
  writeSpanHeader(resultAt + COMPRESS_HEAD_SIZE, size);
  return <i32>(output - resultAt) + size;
}

/**
 * Encrypts in place with the primary key and writes version and nonce in front. Returns the whole
 * length, from `resultAt`.
 */
export function encryptAt(at: usize, length: u32, old: bool, aad: usize, aadLength: u32): u32 {
  beginEncryption(at, length, old, aad, aadLength);
  return <u32>encryptPart(u32.MAX_VALUE);
}

/** Begins what `encryptPart` does. */
export function beginEncryption(at: usize, length: u32, old: bool, aad: usize, aadLength: u32): void {
  if (old) {
    const padding = PADDING_MAX - (length & 15);
    memory.fill(at + length, <u8>padding, padding);
    length += padding;
  }
  sealedAt = at - 1 - NONCE_SIZE;
  sealedLength = length + ENCRYPTION_OVERHEAD;
  store<u8>(sealedAt, old ? 0 : 1);
  memory.copy(sealedAt + 1, nonce, NONCE_SIZE);
  begin(keyAt(0), sealedAt + 1, aad, aadLength, at, length);
}

/** Encrypts, or hashes, about `part` bytes more. Returns the same as `encryptAt`, or `CIPHER_MORE`. */
export function encryptPart(part: u32): i32 {
  const size = sealedLength - ENCRYPTION_OVERHEAD;
  if (!isApplied()) {
    const isRest = applyPart(part);
    if (!isRest || size > part) return CIPHER_MORE;
  }
  hashPart(part);
  if (!isHashed()) return CIPHER_MORE;
  v128.store(sealedAt + 1 + NONCE_SIZE + size, tag());
  resultAt = sealedAt;
  return <i32>sealedLength;
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
