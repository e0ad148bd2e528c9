/**
 * The transmit-limited queue (memberlist `TransmitLimitedQueue`): broadcasts wait here and are
 * added to packets, least sent first, until they were sent often enough for the size of the
 * cluster.
 */

import { ceilLog10 } from "../math.ts";

/**
 * How often every broadcast is sent at least, if there are that many other members. memberlist
 * sends it less often in clusters of up to nine: 4 times, or twice with the profile "local".
 * Without any loss on the network 6 of 100 queries then miss a member, and 67 with "local".
 */
const transmitsMin = 8;

/** One queued message. */
interface Broadcast {
  readonly bytes: Uint8Array;
  readonly name: string | undefined;
  readonly order: number;
  readonly finished: (() => void) | undefined;
  transmits: number;
}

/** Settings of a {@link Broadcasts} queue. */
export interface BroadcastsOptions {
  /** memberlist's `RetransmitMult`. */
  readonly retransmitMult: number;
  /** Returns the number of nodes; called at every fetch. */
  readonly nodeCount: () => number;
  /** Returns the maximum length; beyond it the most transmitted broadcast is dropped at once. */
  readonly lengthMax: () => number;
  /**
   * Returns the size of the largest entry that fits a packet; called for every entry. A larger one
   * is not queued. Without it there is no limit.
   */
  readonly sizeMax?: () => number;
}

/** Queued broadcasts, least transmitted first, then longest, then newest. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  /** One list per number of transmits, each kept longest first, then newest first. */
  readonly #tiers = new Map<number, Broadcast[]>();
  readonly #byName = new Map<string, Broadcast>();
  #length = 0;
  #order = 0;
  #dropped = 0;

  constructor(options: BroadcastsOptions) {
    this.#options = options;
  }

  /** The number of queued entries. */
  get length(): number {
    return this.#length;
  }

  /** The number of entries that were dropped, because the queue was full or they were too large. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * How often each entry is sent: by memberlist's formula, but in a small cluster at least once for
   * every other member, up to 8.
   */
  get transmitLimit(): number {
    const { retransmitMult, nodeCount } = this.#options;
    const count = nodeCount();
    return Math.max(retransmitMult * ceilLog10(count), Math.min(count - 1, transmitsMin));
  }

  /**
   * Queues `bytes`. A named entry replaces the queued one of the same name. `finished` is called
   * once: when the entry has been sent often enough, was replaced, or was dropped. Returns false if
   * the entry is dropped because it is too large for any packet.
   */
  queue(bytes: Uint8Array, name: string | undefined, finished?: () => void): boolean {
    if (name !== undefined) {
      const displaced = this.#byName.get(name);
      if (displaced !== undefined) this.#remove(displaced);
    }
    if (bytes.length > (this.#options.sizeMax?.() ?? Number.POSITIVE_INFINITY)) {
      this.#dropped += 1;
      finished?.();
      return false;
    }
    const broadcast: Broadcast = { bytes, name, order: this.#order++, finished, transmits: 0 };
    if (name !== undefined) this.#byName.set(name, broadcast);
    this.#insert(broadcast);
    const max = this.#options.lengthMax();
    if (this.#length > max) this.prune(max);
    return true;
  }

  /**
   * Returns the broadcasts for one packet, at most `countMax`, and counts them as sent. The sum of
   * their lengths, plus `overhead` for each, stays within `limit`.
   */
  fetch(overhead: number, limit: number, countMax: number): Uint8Array[] {
    if (this.#length === 0 || countMax < 1) return [];
    const transmitLimit = this.transmitLimit;
    const taken: Broadcast[] = [];
    let used = 0;
    for (const transmits of [...this.#tiers.keys()].sort((a, b) => a - b)) {
      const tier = this.#tiers.get(transmits)!;
      for (let index = 0; index < tier.length && taken.length < countMax; ) {
        const free = limit - used - overhead;
        if (free <= 0) break;
        index = firstThatFits(tier, free, index);
        const broadcast = tier[index];
        if (broadcast === undefined) break;
        used += broadcast.bytes.length + overhead;
        taken.push(broadcast);
        index += 1;
      }
      if (taken.length >= countMax || limit - used - overhead <= 0) break;
    }
    for (const broadcast of taken) this.#transmitted(broadcast, transmitLimit);
    return taken.map((broadcast) => broadcast.bytes);
  }

  /** Drops the most transmitted, shortest, oldest entries until `max` remain. */
  prune(max: number): void {
    for (const transmits of [...this.#tiers.keys()].sort((a, b) => b - a)) {
      for (let tier = this.#tiers.get(transmits); tier !== undefined && this.#length > max; ) {
        this.#remove(tier[tier.length - 1]!);
        this.#dropped += 1;
        tier = this.#tiers.get(transmits);
      }
    }
  }

  #transmitted(broadcast: Broadcast, transmitLimit: number): void {
    this.#take(broadcast);
    broadcast.transmits += 1;
    if (broadcast.transmits < transmitLimit) {
      this.#insert(broadcast);
      return;
    }
    if (broadcast.name !== undefined) this.#byName.delete(broadcast.name);
    broadcast.finished?.();
  }

  #remove(broadcast: Broadcast): void {
    this.#take(broadcast);
    if (broadcast.name !== undefined) this.#byName.delete(broadcast.name);
    broadcast.finished?.();
  }

  #insert(broadcast: Broadcast): void {
    let tier = this.#tiers.get(broadcast.transmits);
    if (tier === undefined) {
      tier = [];
      this.#tiers.set(broadcast.transmits, tier);
    }
    tier.splice(placeOf(tier, broadcast), 0, broadcast);
    this.#length += 1;
  }

  #take(broadcast: Broadcast): void {
    const tier = this.#tiers.get(broadcast.transmits)!;
    tier.splice(placeOf(tier, broadcast), 1);
    if (tier.length === 0) this.#tiers.delete(broadcast.transmits);
    this.#length -= 1;
  }
}

/**
 * Returns the index of the first entry that is not ahead of `broadcast`. The tier is sorted longest
 * first, then newest first.
 */
function placeOf(tier: readonly Broadcast[], broadcast: Broadcast): number {
  let low = 0;
  let high = tier.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = tier[middle]!;
    const ahead =
      other.bytes.length > broadcast.bytes.length ||
      (other.bytes.length === broadcast.bytes.length && other.order > broadcast.order);
    if (ahead) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns the index of the first entry from `start` whose length is at most `free`. The tier is
 * sorted longest first.
 */
function firstThatFits(tier: readonly Broadcast[], free: number, start: number): number {
  let low = start;
  let high = tier.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tier[middle]!.bytes.length > free) low = middle + 1;
    else high = middle;
  }
  return low;
}
