/**
 * The exported functions, and nothing else; `wasm/README.md` describes them. All addresses and
 * sizes are 32-bit integers.
 */

import * as drafts from "./draft";
import * as envelope from "./envelope";
import { installKey } from "./gcm";
import * as layout from "./memory";
import * as packets from "./packet";
import * as streams from "./stream";

/**
 * Lays out the memory. Returns false if it cannot be allocated. To be called once, before anything
 * else.
 */
export function configure(keys: u32, inputSize: u32, outputSize: u32, outputLimit: u32): bool {
  return layout.configure(keys, inputSize, outputSize, outputLimit);
}

/** Sets the label of `length` bytes that was written at `label`. */
export function setLabel(length: u32): void {
  layout.setLabelLength(length);
}

/**
 * Installs the key of `length` bytes that was written at `input`, after the keys installed before.
 */
export function addKey(length: u32): void {
  installKey(layout.input, length);
  memory.fill(layout.input, 0, length);
}

/**
 * Opens the packet at `input`. Returns the number of records at `records`, or why it is dropped.
 */
export function open(length: u32, verify: bool): i32 {
  return packets.open(length, verify);
}

/**
 * Seals the parts at `input`, whose lengths are at `records`. Returns the length of the packet at
 * `result`.
 */
export function seal(count: u32, flags: u32): u32 {
  return packets.seal(count, flags);
}

/**
 * Opens the stream frame at `input`. Returns the length of the message at `message`, or why it is
 * refused, or that `openMore` has to be called.
 */
export function openFrame(length: u32): i32 {
  return streams.openFrame(length);
}

/** Decrypts or decompresses the next part of a frame. Returns the same as `openFrame`. */
export function openMore(): i32 {
  return streams.openMore();
}

/**
 * Decodes objects of one shape from `at` into `records`. Returns 0, or why it failed. The next
 * object is at `decodedTo`.
 */
export function decodeMany(shape: u32, count: u32, at: usize): u32 {
  return streams.decodeMany(shape, count, at);
}

/** Makes `decodeMany` read the `length` bytes at `input`. */
export function useInput(length: u32): void {
  streams.useInput(length);
}

/**
 * Seals the message at `input` as a stream frame. Returns the length of the frame at `result`, or
 * that `sealMore` has to be called.
 */
export function sealFrame(length: u32, flags: u32, labelHeader: bool): i32 {
  return streams.sealFrame(length, flags, labelHeader);
}

/** Compresses or encrypts the next part of a frame. Returns the same as `sealFrame`. */
export function sealMore(): i32 {
  return streams.sealMore();
}

/**
 * Encodes the record at `draft` as a message at `input`. Its text and bytes are the first `drafted`
 * bytes of the output. Returns the length of the message.
 */
export function encode(type: u32, drafted: u32): u32 {
  return drafts.encode(type, drafted);
}

/** Does what `encode` does, and seals the message. Returns the length of the packet at `result`. */
export function encodeAndSeal(type: u32, drafted: u32, flags: u32): u32 {
  store<u32>(layout.records, drafts.encode(type, drafted));
  return packets.seal(1, flags);
}

/**
 * Encodes the `count` records at `records` as objects of a shape, without a gap, at `input`. Returns
 * their length.
 */
export function encodeMany(shape: u32, count: u32, drafted: u32): u32 {
  return drafts.encodeMany(shape, count, drafted);
}

/** Overwrites what was written to the arenas, so that no decrypted text stays in memory. */
export function clear(): void {
  layout.clear();
}

export function label(): usize {
  return layout.label;
}
export function nonce(): usize {
  return layout.nonce;
}
export function draft(): usize {
  return layout.draft;
}
export function records(): usize {
  return layout.records;
}
export function faults(): usize {
  return layout.faults;
}
export function faultCount(): u32 {
  return packets.faultCount;
}
export function input(): usize {
  return layout.input;
}
export function output(): usize {
  return layout.output;
}
export function result(): usize {
  return envelope.resultAt;
}
export function message(): usize {
  return streams.messageAt;
}
export function decodedTo(): usize {
  return streams.decodedTo;
}
/**
 * Returns whether the last `open` dropped all names before it began, so that earlier numbers are
 * invalid.
 */
export function forgotInPacket(): bool {
  return packets.forgot;
}
/** Returns the same for the last `decodeMany`. */
export function forgotInStream(): bool {
  return streams.forgot;
}
