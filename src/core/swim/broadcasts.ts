/**
 * The transmit-limited queue (memberlist `TransmitLimitedQueue`): broadcasts wait here and are
 * added to packets, least sent first, until they were sent often enough for the size of the
 * cluster.
 */

import { ceilLog10 } from "../math.ts";
import { type Entry, OrderedList } from "../ordered_list.ts";
import { type Side, sides } from "./ring.ts";
import type { Rules } from "./rules.ts";

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
  /** Where it is in its tier; `undefined` once it has been sent often enough. */
  place: Entry<Broadcast> | undefined;
}

/** Settings of a {@link Broadcasts} queue. */
export interface BroadcastsOptions {
  /** memberlist's `RetransmitMult`. */
  readonly retransmitMult: number;
  /** Whether entries are sent more often in small clusters ({@link Rules}). Default true. */
  readonly smallClusters?: Rules["smallClusters"];
  /** Returns the number of nodes; called at every fetch. */
  readonly nodeCount: () => number;
  /** Returns the maximum length; beyond it the most transmitted broadcast is dropped at once. */
  readonly lengthMax: () => number;
  /**
   * Returns the size of the largest entry that fits a packet; called for every entry. A larger one
   * is not queued. Without it there is no limit.
   */
  readonly sizeMax?: () => number;
  /**
   * Whether the oldest of the least sent entries goes first, whatever its size, and nothing overtakes
   * an entry that does not fit: so receivers get entries in the order in which they were queued. In
   * a packet the newest is first, because Serf's receivers begin with the last part.
   * Without it the longest goes first, then the newest, as in memberlist.
   */
  readonly oldestFirst?: boolean;
}

/** How a packet is filled. */
export interface FetchOptions {
  /** Bytes that every entry takes besides its own. */
  readonly overhead: number;
  /** The maximum size of all entries, with their overhead. */
  readonly limit: number;
  /** The maximum number of entries. */
  readonly countMax: number;
  /** For a neighbour on the ring: only what it has not been told yet, oldest first. */
  readonly side?: Side | undefined;
}

/**
 * After this many entries of a neighbour that do not fit, a packet is full. A later one might fit, but
 * the search would have no end.
 */
const misfitsMax = 8;

/** Queued broadcasts, least transmitted first, then longest, then newest. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  /** One tier per number of transmits. */
  readonly #tiers = new Map<number, Tier>();
  readonly #byName = new Map<string, Broadcast>();
  /**
   * What each neighbour on the ring has not been told yet, oldest first. An entry stays here until
   * then, even if it has been sent often enough to others.
   */
  readonly #owed: Readonly<Record<Side, Set<Broadcast>>> = { before: new Set(), after: new Set() };
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

  /** Whether there is anything to send: to random members, or to a neighbour on the ring. */
  get pending(): boolean {
    return this.#length > 0 || this.#owed.before.size > 0 || this.#owed.after.size > 0;
  }

  /**
   * The bytes of all entries, also of those that only a neighbour on the ring has not been told yet.
   * Walks over all of them.
   */
  get bytes(): number {
    const all = new Set([...this.#owed.before, ...this.#owed.after]);
    for (const tier of this.#tiers.values()) for (const broadcast of tier) all.add(broadcast);
    let bytes = 0;
    for (const broadcast of all) bytes += broadcast.bytes.length;
    return bytes;
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
    const { retransmitMult, smallClusters = true, nodeCount } = this.#options;
    const count = nodeCount();
    const least = smallClusters ? Math.min(count - 1, transmitsMin) : 0;
    return Math.max(retransmitMult * ceilLog10(count), least);
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
    const broadcast: Broadcast = {
      bytes,
      name,
      order: this.#order++,
      finished,
      transmits: 0,
      place: undefined,
    };
    if (name !== undefined) this.#byName.set(name, broadcast);
    this.#insert(broadcast);
    const max = this.#options.lengthMax();
    this.#owe(broadcast, max);
    if (this.#length > max) this.prune(max);
    return true;
  }

  /** Returns the broadcasts for one packet, and counts them as sent. */
  fetch(options: FetchOptions): Uint8Array[] {
    const { side, countMax } = options;
    const count = side === undefined ? this.#length : this.#owed[side].size;
    if (count === 0 || countMax < 1) return [];
    const transmitLimit = this.transmitLimit;
    const taken = side === undefined ? this.#leastSent(options) : this.#untold(options, side);
    for (const broadcast of taken) this.#transmitted(broadcast, transmitLimit);
    // Serf's receivers begin with the last part of a packet.
    if (this.#options.oldestFirst === true) taken.sort((a, b) => b.order - a.order);
    return taken.map((broadcast) => broadcast.bytes);
  }

  /** Forgets what a neighbour has not been told yet. */
  forgive(side: Side): void {
    this.#owed[side].clear();
  }

  #leastSent({ overhead, limit, countMax }: FetchOptions): Broadcast[] {
    const taken: Broadcast[] = [];
    let used = 0;
    for (const transmits of [...this.#tiers.keys()].sort((a, b) => a - b)) {
      const tier = this.#tiers.get(transmits)!;
      let last: Entry<Broadcast> | undefined;
      while (taken.length < countMax) {
        const place = tier.next(last, limit - used - overhead);
        if (place === undefined) break;
        used += place.value.bytes.length + overhead;
        taken.push(place.value);
        last = place;
      }
      if (taken.length >= countMax || limit - used - overhead <= 0) break;
      // What did not fit begins the next packet: nothing overtakes it.
      const rest = last === undefined || last.next !== undefined;
      if (this.#options.oldestFirst === true && rest) break;
    }
    return taken;
  }

  #untold({ overhead, limit, countMax }: FetchOptions, side: Side): Broadcast[] {
    const taken: Broadcast[] = [];
    let free = limit;
    let misfits = 0;
    for (const broadcast of this.#owed[side]) {
      if (taken.length === countMax || misfits === misfitsMax) break;
      const size = broadcast.bytes.length + overhead;
      if (size <= free) {
        free -= size;
        taken.push(broadcast);
      } else if (this.#options.oldestFirst === true) break;
      else misfits += 1;
    }
    for (const broadcast of taken) this.#owed[side].delete(broadcast);
    return taken;
  }

  #owe(broadcast: Broadcast, max: number): void {
    for (const side of sides) {
      const owed = this.#owed[side];
      owed.add(broadcast);
      if (owed.size <= max) continue;
      for (const oldest of owed) {
        owed.delete(oldest);
        break;
      }
    }
  }

  /** Drops the most transmitted, shortest, oldest entries until `max` remain. */
  prune(max: number): void {
    for (const transmits of [...this.#tiers.keys()].sort((a, b) => b - a)) {
      for (let tier = this.#tiers.get(transmits); tier !== undefined && this.#length > max; ) {
        this.#remove(tier.expendable);
        this.#dropped += 1;
        tier = this.#tiers.get(transmits);
      }
    }
  }

  #transmitted(broadcast: Broadcast, transmitLimit: number): void {
    if (broadcast.place === undefined) return;
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
    for (const side of sides) this.#owed[side].delete(broadcast);
    if (broadcast.name !== undefined) this.#byName.delete(broadcast.name);
    broadcast.finished?.();
  }

  #insert(broadcast: Broadcast): void {
    let tier = this.#tiers.get(broadcast.transmits);
    if (tier === undefined) {
      tier = new Tier(this.#options.oldestFirst ?? false);
      this.#tiers.set(broadcast.transmits, tier);
    }
    tier.add(broadcast);
    this.#length += 1;
  }

  #take(broadcast: Broadcast): void {
    const tier = this.#tiers.get(broadcast.transmits)!;
    tier.remove(broadcast);
    if (tier.empty) this.#tiers.delete(broadcast.transmits);
    this.#length -= 1;
  }
}

/**
 * The entries that were sent equally often: longest first, then newest first; or oldest first. A list
 * for each size makes adding and removing cheap, however many entries a peer's push/pull brings.
 */
class Tier {
  readonly #oldestFirst: boolean;
  readonly #lists = new Map<number, OrderedList<Broadcast>>();
  /** The keys of the lists, largest first. Packets bound how many there can be. */
  readonly #keys: number[] = [];

  constructor(oldestFirst: boolean) {
    this.#oldestFirst = oldestFirst;
  }

  get empty(): boolean {
    return this.#keys.length === 0;
  }

  *[Symbol.iterator](): Generator<Broadcast> {
    for (const list of this.#lists.values()) {
      for (let place = list.first; place !== undefined; place = place.next) yield place.value;
    }
  }

  /** The entry to drop first: the oldest, of different sizes the oldest of the shortest. */
  get expendable(): Broadcast {
    const list = this.#lists.get(this.#keys.at(-1)!)!;
    return (this.#oldestFirst ? list.first! : list.last!).value;
  }

  add(broadcast: Broadcast): void {
    const key = this.#keyOf(broadcast);
    let list = this.#lists.get(key);
    if (list === undefined) {
      list = new OrderedList();
      this.#lists.set(key, list);
      this.#keys.splice(this.#firstAtMost(key), 0, key);
    }
    broadcast.place = list.add(broadcast, this.#oldestFirst ? -broadcast.order : broadcast.order);
  }

  remove(broadcast: Broadcast): void {
    const key = this.#keyOf(broadcast);
    const list = this.#lists.get(key)!;
    list.remove(broadcast.place!);
    broadcast.place = undefined;
    if (list.first !== undefined) return;
    this.#lists.delete(key);
    this.#keys.splice(this.#firstAtMost(key), 1);
  }

  /** Returns the first entry behind `place`, or of all, that has at most `free` bytes. */
  next(place: Entry<Broadcast> | undefined, free: number): Entry<Broadcast> | undefined {
    if (this.#oldestFirst) {
      const next = place === undefined ? this.#lists.get(0)?.first : place.next;
      return next !== undefined && next.value.bytes.length <= free ? next : undefined;
    }
    const size = place?.value.bytes.length ?? Number.POSITIVE_INFINITY;
    if (place?.next !== undefined && size <= free) return place.next;
    const smaller = this.#keys[this.#firstAtMost(Math.min(free, size - 1))];
    return smaller === undefined ? undefined : this.#lists.get(smaller)!.first;
  }

  #keyOf({ bytes }: Broadcast): number {
    return this.#oldestFirst ? 0 : bytes.length;
  }

  /** Returns the index of the first key that is at most `key`. */
  #firstAtMost(key: number): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#keys[middle]! > key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
