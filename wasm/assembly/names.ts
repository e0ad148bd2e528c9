/**
 * Node names that were seen before, each with a small number, so that the host builds the string of a name once and steady gossip
 * builds none. A slot is found by hash; a crowded place or a full table only means that a name gets no number.
 */

import { NAME_SIZE_MAX, NAMES_MAX, names } from "./memory";

const SLOTS: u32 = 8192;
const PROBES_MAX: u32 = 16;
/** For each slot the hash, the name's number (0: free) and its length. */
const slots: usize = memory.data(98304, 16);
const SLOT_SIZE: u32 = 12;

/** Names that have a number: 1 to `nameCount`. */
export let nameCount: u32 = 0;

/** Forgets all names if fewer than `room` more would fit; true if it did. Numbers given before mean nothing from then on. */
export function makeRoom(room: u32): bool {
  if (nameCount + room <= NAMES_MAX) return false;
  memory.fill(slots, 0, SLOTS * SLOT_SIZE);
  nameCount = 0;
  return true;
}

/** The number of the name of `length` bytes at `at`, or 0 if it cannot be remembered. */
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
  return nameCount;
}

function place(number: u32): usize {
  return names + (number - 1) * NAME_SIZE_MAX;
}

/** Mixes eight bytes a step by multiplication; it need not resist an attacker, because probing is bounded. */
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
