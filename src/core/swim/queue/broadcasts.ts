/**
 * The transmit-limited queue (memberlist `TransmitLimitedQueue`): broadcasts wait here and are
 * added to packets, least sent first, until they were sent often enough for the size of the
 * cluster.
 */

import { LinkedRows } from "../../linked_rows.ts";
import { ceilLog10 } from "../../math.ts";
import { NameIndex } from "../../name_index.ts";
import { noRow, type Row } from "../../rows.ts";
import { type Side, sides } from "../ring.ts";
import { QueuedEntries } from "./entries.ts";
import { type Room, Tier } from "./tier.ts";

/**
 * How often every broadcast is sent at least, if there are that many other members. memberlist
 * sends it less often in clusters of up to nine: 4 times, or twice with the profile "local".
 * Without any loss on the network 6 of 100 queries then miss a member, and 67 with "local".
 */
const transmitsMin = 8;

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

/** An empty queue that was longer than this frees its memory. */
const keptRows = 64;

/** Queued broadcasts, least transmitted first, then longest, then newest. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  /**
   * Also has the entries that were sent often enough to others, but of which a neighbour on the ring
   * has not been told yet.
   */
  readonly #entries = new QueuedEntries();
  /** The names of the entries that have not been sent often enough. */
  readonly #names = new NameIndex();
  readonly #finished = new Map<Row, () => void>();
  /** By the number of transmits. */
  readonly #tiers: Tier[] = [];
  readonly #links = new LinkedRows();
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
    return this.#entries.count > 0;
  }

  /** The bytes of all entries, also of those that only a neighbour on the ring has not been told yet. */
  get bytes(): number {
    return this.#entries.totalBytes;
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
      const displaced = this.#names.find(name);
      if (displaced !== noRow) this.#remove(displaced);
    }
    if (bytes.length > (this.#options.sizeMax?.() ?? Number.POSITIVE_INFINITY)) {
      this.#dropped += 1;
      finished?.();
      return false;
    }
    // Tiers have the highest order first.
    const order = this.#options.oldestFirst === true ? -this.#order : this.#order;
    this.#order += 1;
    const row = this.#entries.add(bytes, order);
    if (name !== undefined) this.#names.add(row, name);
    if (finished !== undefined) this.#finished.set(row, finished);
    this.#insert(row);
    const max = this.#options.lengthMax();
    for (const side of sides) {
      const owed = this.#entries.owed(side);
      if (owed.size > max) this.#entries.told(owed.oldest, side);
    }
    if (this.#length > max) this.prune(max);
    return true;
  }

  /** Returns the broadcasts for one packet, and counts them as sent. */
  fetch(options: FetchOptions): Uint8Array[] {
    const { side, countMax } = options;
    const count = side === undefined ? this.#length : this.#entries.owed(side).size;
    if (count === 0 || countMax < 1) return [];
    const transmitLimit = this.transmitLimit;
    const taken = side === undefined ? this.#leastSent(options) : this.#untold(options, side);
    const orders = taken.map((row) => this.#entries.order(row));
    const messages = taken.map((row) => this.#entries.bytes(row));
    for (let index = 0; index < taken.length; index++) {
      const row = taken[index]!;
      if (side !== undefined) this.#entries.told(row, side);
      // One that finished before may have replaced this one.
      if (this.#entries.isWaiting(row, orders[index]!)) this.#transmitted(row, transmitLimit);
    }
    this.#shrink();
    return this.#options.oldestFirst === true ? newestFirst(messages, orders) : messages;
  }

  /** Forgets what a neighbour has not been told yet. */
  forgive(side: Side): void {
    const owed = this.#entries.owed(side);
    while (owed.size > 0) this.#entries.told(owed.oldest, side);
    this.#shrink();
  }

  /** Drops the most transmitted, shortest, oldest entries until `max` remain. */
  prune(max: number): void {
    for (let transmits = this.#tiers.length - 1; transmits >= 0; transmits--) {
      const tier = this.#tiers[transmits]!;
      while (!tier.isEmpty && this.#length > max) {
        this.#remove(tier.expendable);
        this.#dropped += 1;
      }
    }
  }

  #leastSent({ overhead, limit, countMax }: FetchOptions): Row[] {
    const taken: Row[] = [];
    const room: Room = { free: limit - overhead, overhead, countMax };
    for (const tier of this.#tiers) {
      if (tier.isEmpty) continue;
      // What did not fit begins the next packet: nothing overtakes it.
      const mayGoOn = tier.take(room, taken);
      if (!mayGoOn || taken.length >= countMax || room.free <= 0) break;
    }
    return taken;
  }

  #untold({ overhead, limit, countMax }: FetchOptions, side: Side): Row[] {
    const taken: Row[] = [];
    const owed = this.#entries.owed(side);
    let free = limit;
    let misfits = 0;
    for (let row = owed.oldest; row !== noRow; row = owed.next(row)) {
      if (taken.length === countMax || misfits === misfitsMax) break;
      const size = this.#entries.bytes(row).length + overhead;
      if (size <= free) {
        free -= size;
        taken.push(row);
      } else if (this.#options.oldestFirst === true) break;
      else misfits += 1;
    }
    return taken;
  }

  #transmitted(row: Row, transmitLimit: number): void {
    this.#take(row);
    this.#entries.sent(row);
    if (this.#entries.transmits(row) < transmitLimit) this.#insert(row);
    else this.#finish(row);
  }

  #remove(row: Row): void {
    this.#take(row);
    for (const side of sides) this.#entries.told(row, side);
    this.#finish(row);
  }

  /** Ends the wait of an entry for members. */
  #finish(row: Row): void {
    if (this.#names.has(row)) this.#names.delete(row);
    const finished = this.#finished.get(row);
    this.#finished.delete(row);
    this.#entries.sentEnough(row);
    finished?.();
  }

  #insert(row: Row): void {
    const transmits = this.#entries.transmits(row);
    while (this.#tiers.length <= transmits) {
      this.#tiers.push(new Tier(this.#entries, this.#links, this.#options.oldestFirst ?? false));
    }
    this.#tiers[transmits]!.add(row);
    this.#length += 1;
  }

  #take(row: Row): void {
    this.#tiers[this.#entries.transmits(row)]!.remove(row);
    this.#length -= 1;
  }

  /** Frees the memory of a queue that was long and is empty. */
  #shrink(): void {
    if (this.#entries.count > 0 || this.#entries.rowCount <= keptRows) return;
    this.#entries.clear();
    this.#names.clear();
    this.#links.clear();
  }
}

/** Serf's receivers begin with the last part of a packet. */
function newestFirst(messages: readonly Uint8Array[], orders: readonly number[]): Uint8Array[] {
  const indexes = Array.from(orders.keys()).sort((a, b) => orders[a]! - orders[b]!);
  return indexes.map((index) => messages[index]!);
}
