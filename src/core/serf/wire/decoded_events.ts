/**
 * The user events that were decoded last, by their bytes. A member gets most events several times;
 * this spares it decoding the same bytes again.
 */

import { equalBytes } from "../../bytes.ts";
import { fnv, fnvBasis } from "../../fnv.ts";
import type { UserEventMessage } from "./messages.ts";

/** How many events are kept; a power of two. */
const slotCount = 256;

/** Longer ones are rare and are not kept. */
const bytesMax = 512;

interface Slot {
  readonly bytes: Uint8Array;
  readonly message: UserEventMessage;
}

/** The events that were decoded last. One that falls into the place of another replaces it. */
export class DecodedEvents {
  #slots: (Slot | undefined)[] = [];

  /** Returns the event that these bytes are, or `undefined` if it is not kept. */
  find(bytes: Uint8Array): UserEventMessage | undefined {
    if (bytes.length > bytesMax) return undefined;
    const slot = this.#slots[place(bytes)];
    return slot !== undefined && equalBytes(slot.bytes, bytes) ? slot.message : undefined;
  }

  /** Keeps an event. Nobody may change its bytes afterwards. */
  keep(bytes: Uint8Array, message: UserEventMessage): void {
    if (bytes.length > bytesMax) return;
    if (this.#slots.length === 0) this.#slots = Array(slotCount).fill(undefined);
    this.#slots[place(bytes)] = { bytes, message };
  }
}

function place(bytes: Uint8Array): number {
  let hash = fnvBasis;
  for (let index = 0; index < bytes.length; index++) hash = fnv(hash, bytes[index]!);
  return (hash ^ (hash >>> 16)) & (slotCount - 1);
}
