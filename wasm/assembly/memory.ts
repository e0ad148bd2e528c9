/**
 * The layout of the memory. Small objects of fixed size are static. The arenas follow the heap
 * base, and `configure` sets their sizes once. The last arena is for decompressed bytes, so it can
 * grow with the memory.
 *
 * All code may read, and within an arena write, up to `SLACK` bytes past the end of its bytes,
 * because every arena has that much room after it.
 */

import { FAULTS_MAX, LABEL_MAX, RECORD_SIZE, RECORDS_MAX, STREAM_HEADER_SIZE } from "./abi";

/** The number of bytes after the end of each arena that a vector load or store may touch. */
export const SLACK: u32 = 256;
/** The room in front of a message for all envelopes of `seal`. */
export const HEADROOM: u32 = 1024;
/** The size of an expanded key: round keys and GHASH tables. */
export const KEY_SIZE: u32 = 2432;
/** The maximum size of a node name that gets a number. With `ValidateNodeNames` Serf allows 128. */
export const NAME_SIZE_MAX: u32 = 128;
/** How many bytes are remembered with a name. */
export const FACTS_SIZE: u32 = 128;
/** The maximum number of names with numbers. */
export const NAMES_MAX: u32 = 4096;

/** The authenticated data of an encrypted stream frame: its header, followed by the label. */
const authenticated: usize = memory.data(STREAM_HEADER_SIZE + LABEL_MAX + SLACK);
/** The configured label. */
export const label: usize = authenticated + STREAM_HEADER_SIZE;
/** The stream header in front of the label. */
export const streamHeader: usize = authenticated;
/** Twelve random bytes, written by the host before each sealing. */
export const nonce: usize = memory.data(16, 16);
/** The record that `encode` reads. */
export const draft: usize = memory.data(RECORD_SIZE, 16);
/** Pairs of fault code and message type. */
export const faults: usize = memory.data(FAULTS_MAX * 8, 16);

/** Length of the configured label. */
export let labelLength: u32 = 0;
/** Expanded keys in ring order. */
export let keys: usize = 0;
/** How many keys are installed. */
export let keyCount: u32 = 0;
/** Decoded messages. */
export let records: usize = 0;
/** Remembered names, `NAME_SIZE_MAX` bytes each. */
export let names: usize = 0;
/** What was decoded with each of those names, `FACTS_SIZE` bytes each. */
export let facts: usize = 0;
/**
 * Bytes from the host, such as a packet or a frame, or the messages to seal, from the host or
 * encoded. There are `HEADROOM` bytes in front.
 */
export let input: usize = 0;
/**
 * Decompressed or compressed bytes, or the text and bytes of the records to encode. There are
 * `HEADROOM` bytes in front.
 */
export let output: usize = 0;
/** The ends of the bytes in both arenas that were written since they were cleared. */
let inputEnd: usize = 0;
let outputEnd: usize = 0;
/** The maximum number of bytes that are decompressed to `output`; the memory grows with them. */
export let outputLimit: usize = 0;

/**
 * Lays out the arenas, with room for `spareKeys` keys. Returns false if the memory cannot be
 * allocated. To be called once.
 */
export function configure(spareKeys: u32, inputSize: u32, outputSize: u32, limit: u32): bool {
  keys = align(__heap_base);
  records = align(keys + spareKeys * KEY_SIZE);
  names = align(records + RECORDS_MAX * RECORD_SIZE);
  facts = align(names + NAMES_MAX * NAME_SIZE_MAX);
  input = align(facts + NAMES_MAX * FACTS_SIZE + HEADROOM);
  output = align(input + inputSize + SLACK + HEADROOM);
  outputLimit = limit;
  inputEnd = input;
  outputEnd = output;
  return reserve(output + outputSize + SLACK);
}

/** Notes that the input was written up to `end`. */
export function markInput(end: usize): void {
  inputEnd = max(inputEnd, end);
}

/** Notes that the output was written up to `end`. */
export function markOutput(end: usize): void {
  outputEnd = max(outputEnd, end);
}

/** Notes that the output may have been written up to the end of the memory. */
export function markWholeOutput(): void {
  outputEnd = usize.MAX_VALUE - SLACK;
}

/** Overwrites what was written to the arenas. */
export function clear(): void {
  const first = input - HEADROOM;
  memory.fill(first, 0, inputEnd + SLACK - first);
  const second = output - HEADROOM;
  memory.fill(second, 0, min<usize>(outputEnd + SLACK, (<usize>memory.size()) << 16) - second);
  inputEnd = input;
  outputEnd = output;
}

/**
 * Makes every byte below `end`, and `SLACK` more, usable. Returns false if the memory cannot be
 * allocated.
 */
export function reserve(end: usize): bool {
  const wanted = <i32>((end + SLACK + 0xffff) >> 16);
  const missing = wanted - memory.size();
  // Grow by at least an eighth, so that the memory is copied only a few times while a long stream
  // is decompressed.
  if (missing <= 0) return true;
  const generous = max(missing, memory.size() >> 3);
  return memory.grow(generous) >= 0 || memory.grow(missing) >= 0;
}

/** Sets the length of the label that the host wrote at `label`. */
export function setLabelLength(length: u32): void {
  labelLength = length;
}

/** Counts one more installed key. */
export function countKey(): void {
  keyCount += 1;
}

function align(at: usize): usize {
  return (at + 63) & ~63;
}

/** Big-endian loads and stores. A class, because only methods can be inlined by decorator. */
export class BigEndian {
  @inline static load16(at: usize): u32 {
    return <u32>bswap<u16>(load<u16>(at));
  }
  @inline static load32(at: usize): u32 {
    return bswap<u32>(load<u32>(at));
  }
  @inline static store16(at: usize, value: u32): void {
    store<u16>(at, bswap<u16>(<u16>value));
  }
  @inline static store32(at: usize, value: u32): void {
    store<u32>(at, bswap<u32>(value));
  }
  @inline static store64(at: usize, value: u64): void {
    store<u64>(at, bswap<u64>(value));
  }
}
