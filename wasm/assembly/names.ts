/**
 * Numbers for the node names that occurred before, so that the host decodes each name only once. A
 * slot is found by hash. If the slots near it or the table are full, the name gets no number, which
 * is only slower.
 *
 * Also stamps for the bytes that come with a name, so that the host copies them only when they have
 * changed.
 */

import { SLOT_ADDRESS, SLOT_EXTRA, SLOT_NODE, SLOT_STAMP, SLOT_VERSIONS } from "./abi";
import { FACTS_SIZE, facts, NAME_SIZE_MAX, NAMES_MAX, names } from "./memory";

const SLOTS: u32 = 8192;
const PROBES_MAX: u32 = 16;
/** Slots: the hash, the number of the name (0 if the slot is free), and its length. */
const slots: usize = memory.data(98304, 16);
const SLOT_SIZE: u32 = 12;

/** The bytes of a node are remembered after their stamp and their three lengths. */
const FACTS_HEAD: u32 = 8;
/** A counter and not a flag: if the host has not read a record, the next stamp differs from its last one. */
let lastStamp: u32 = 0;

/** The number of names. Their numbers are 1 to `nameCount`. */
export let nameCount: u32 = 0;

/**
 * Drops all names if there is no room for `room` more, and returns whether it did. Earlier numbers
 * are then invalid.
 */
export function makeRoom(room: u32): bool {
  if (nameCount + room <= NAMES_MAX) return false;
  memory.fill(slots, 0, SLOTS * SLOT_SIZE);
  nameCount = 0;
  return true;
}

/** Returns the number of the name of `length` bytes at `at`, or 0 if there is no room for it. */
export function numberOf(at: usize, length: u32): u32 {
  if (length === 0 || length > NAME_SIZE_MAX) return 0;
  const hash = hashOf(at, length);
  for (let probe: u32 = 0; probe < PROBES_MAX; probe++) {
    const slot = slots + ((hash + probe) & (SLOTS - 1)) * SLOT_SIZE;
    const number = load<u32>(slot, 4);
    if (number === 0) return nameCount < NAMES_MAX ? remember(slot, hash, at, length) : 0;
    if (
      load<u32>(slot) === hash &&
      load<u32>(slot, 8) === length &&
      memory.compare(place(number), at, length) === 0
    ) {
      return number;
    }
  }
  return 0;
}

function remember(slot: usize, hash: u32, at: usize, length: u32): u32 {
  nameCount += 1;
  memory.copy(place(nameCount), at, length);
  store<u32>(slot, hash);
  store<u32>(slot, nameCount, 4);
  store<u32>(slot, length, 8);
  store<u32>(factsOf(nameCount), 0);
  return nameCount;
}

/**
 * Stamps the record of a node, if its name has a number and its bytes are few enough to be
 * remembered.
 */
export function stamp(record: usize): void {
  const number = load<u32>(record + (SLOT_NODE << 2), 8);
  if (number === 0) return;
  const address = record + (SLOT_ADDRESS << 2);
  const versions = record + (SLOT_VERSIONS << 2);
  const extra = record + (SLOT_EXTRA << 2);
  const total = <u64>spanSize(address) + <u64>spanSize(versions) + <u64>spanSize(extra);
  if (total > FACTS_SIZE - FACTS_HEAD) return;
  // Lengths as they are recorded, so that nil differs from empty.
  const lengths = load<u32>(address, 4) | (load<u32>(versions, 4) << 8) | (load<u32>(extra, 4) << 16);
  const known = factsOf(number);
  const first = known + FACTS_HEAD;
  const second = first + spanSize(address);
  const third = second + spanSize(versions);
  const isSame =
    load<u32>(known) !== 0 &&
    load<u32>(known, 4) === lengths &&
    memory.compare(first, load<u32>(address), spanSize(address)) === 0 &&
    memory.compare(second, load<u32>(versions), spanSize(versions)) === 0 &&
    memory.compare(third, load<u32>(extra), spanSize(extra)) === 0;
  if (!isSame) {
    memory.copy(first, load<u32>(address), spanSize(address));
    memory.copy(second, load<u32>(versions), spanSize(versions));
    memory.copy(third, load<u32>(extra), spanSize(extra));
    lastStamp = max(lastStamp + 1, 1);
    store<u32>(known, lastStamp);
    store<u32>(known, lengths, 4);
  }
  store<u32>(record + (SLOT_STAMP << 2), load<u32>(known));
}

/** Returns the length of the bytes of a slot; 0 for nil. */
function spanSize(slot: usize): u32 {
  const length = load<u32>(slot, 4);
  return length === 0 ? 0 : length - 1;
}

function factsOf(number: u32): usize {
  return facts + (number - 1) * FACTS_SIZE;
}

function place(number: u32): usize {
  return names + (number - 1) * NAME_SIZE_MAX;
}

/**
 * Returns a hash of bytes, by multiplication, eight bytes at a time. It need not resist attacks,
 * because the number of slots to try is bounded.
 */
function hashOf(at: usize, length: u32): u32 {
  let mixed: u64 = length;
  const end = at + length;
  for (; at + 8 <= end; at += 8) mixed = mix(mixed ^ load<u64>(at));
  let rest: u64 = 0;
  for (; at < end; at++) rest = (rest << 8) | load<u8>(at);
  return <u32>(mix(mixed ^ rest) >> 16);
}

function mix(value: u64): u64 {
  const spread = value * (((<u64>0x9e3779b9) << 32) | 0x7f4a7c15);
  return spread ^ (spread >> 32);
}
