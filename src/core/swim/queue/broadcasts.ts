/**
 * The transmit-limited queue (memberlist `TransmitLimitedQueue`): broadcasts wait here and are
 * added to packets, least sent first, until they were sent often enough for the size of the
 * cluster.
 */

import { LinkedRows } from "../../linked_rows.ts";
import { ceilLog10 } from "../../math.ts";
import { NameIndex } from "../../name_index.ts";
import { noRow, type Row } from "../../rows.ts";
import type { Rules } from "../config.ts";
import { type Side, sides } from "../gossip/ring.ts";
import { QueuedEntries } from "./entries.ts";
import { Tally } from "./tally.ts";
import { type Room, type Run, Tier } from "./tier.ts";

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
  /** Counts what waits in all queues of the node. Default: this one alone. */
  readonly tally?: Tally;
}

/** For whom a packet is filled, if that makes a difference. */
export interface Addressee {
  /** For a neighbour on the ring: only what it has not been told yet, oldest first. */
  readonly side?: Side | undefined;
  /** Only what was sent less often than that; without it everything is. */
  readonly below?: number | undefined;
}

/** How a packet is filled. */
export interface FetchOptions extends Addressee {
  /** Bytes that every entry takes besides its own. */
  readonly overhead: number;
  /** The maximum size of all entries, with their overhead. */
  readonly limit: number;
  /** The maximum number of entries. */
  readonly countMax: number;
}

/**
 * After this many entries of a neighbour that do not fit, a packet is full. A later one might fit, but
 * the search would have no end.
 */
const misfitsMax = 8;

/** Entries that were taken together, with how often they have been sent then. */
interface SentRun {
  readonly transmits: number;
  readonly run: Run;
}

/** An empty queue that was longer than this frees its memory. */
const keptRows = 64;

/** Queued broadcasts, least transmitted first, then longest, then newest. */
export class Broadcasts {
  readonly #options: BroadcastsOptions;
  /**
   * Also has the entries that were sent often enough to others, but of which a neighbour on the ring
   * has not been told yet.
   */
  readonly #entries: QueuedEntries;
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
    this.#entries = new QueuedEntries(options.tally ?? new Tally());
  }

  /** The number of queued entries. */
  get length(): number {
    return this.#length;
  }

  /** The number of entries that wait for anybody: for members in general, or for a neighbour on the ring. */
  get entryCount(): number {
    return this.#entries.count;
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
    if (name !== undefined) this.withdraw(name);
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

  /** Removes the entry of a name, if there is one. */
  withdraw(name: string): void {
    const row = this.#names.find(name);
    if (row !== noRow) this.#remove(row);
  }

  /** Returns the broadcasts for one packet, and counts them as sent. */
  fetch(options: FetchOptions): Uint8Array[] {
    const { side, countMax } = options;
    const count = side === undefined ? this.#length : this.#entries.owed(side).size;
    if (count === 0 || countMax < 1) return [];
    const { transmitLimit } = this;
    const taken: Row[] = [];
    const finished: (() => void)[] = [];
    let messages: Uint8Array[];
    if (side === undefined) {
      const runs = this.#takeLeastSent(options, taken);
      messages = this.#messages(taken);
      for (const run of runs) this.#sentRun(run, transmitLimit, finished);
    } else {
      this.#takeUntold(options, side, taken);
      messages = this.#messages(taken);
      for (const row of taken) this.#sentTo(side, row, transmitLimit, finished);
    }
    // These may queue and remove entries.
    for (const call of finished) call();
    this.#shrink();
    return messages;
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

  /** Takes the entries for a packet out of their tiers. */
  #takeLeastSent(
    { overhead, limit, countMax, below = Number.POSITIVE_INFINITY }: FetchOptions,
    taken: Row[],
  ): readonly SentRun[] {
    const all: SentRun[] = [];
    const room: Room = { free: limit - overhead, overhead, countMax };
    for (let transmits = 0; transmits < this.#tiers.length && transmits < below; transmits++) {
      const tier = this.#tiers[transmits]!;
      if (tier.isEmpty) continue;
      const runs: Run[] = [];
      const mayGoOn = tier.take(room, taken, runs);
      for (const run of runs) all.push({ transmits: transmits + 1, run });
      // What did not fit begins the next packet: nothing overtakes it.
      if (!mayGoOn || taken.length >= countMax || room.free <= 0) break;
    }
    return all;
  }

  #takeUntold({ overhead, limit, countMax }: FetchOptions, side: Side, taken: Row[]): void {
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
  }

  /** Returns the messages of entries: in their order, or newest first, as Serf's receivers want them. */
  #messages(taken: readonly Row[]): Uint8Array[] {
    const messages = taken.map((row) => this.#entries.bytes(row));
    if (this.#options.oldestFirst !== true || messages.length < 2) return messages;
    const orders = taken.map((row) => this.#entries.order(row));
    const indexes = Array.from(orders.keys()).sort((a, b) => orders[a]! - orders[b]!);
    return indexes.map((index) => messages[index]!);
  }

  /** Puts entries that were sent once more into the next tier, or ends their wait. */
  #sentRun({ transmits, run }: SentRun, transmitLimit: number, finished: (() => void)[]): void {
    const isOver = transmits >= transmitLimit;
    if (isOver) this.#length -= run.count;
    let row = run.first;
    for (let count = 0; count < run.count; count++) {
      const next = this.#links.next(row);
      this.#entries.sent(row);
      if (isOver) this.#finish(row, finished);
      row = next;
    }
    if (!isOver) this.#tier(transmits).addRun(run);
  }

  /** Counts that an entry was sent to a neighbour. */
  #sentTo(side: Side, row: Row, transmitLimit: number, finished: (() => void)[]): void {
    // It may have been sent to others often enough before.
    if (this.#entries.isWaiting(row)) {
      this.#take(row);
      this.#entries.sent(row);
      if (this.#entries.transmits(row) < transmitLimit) this.#insert(row);
      else this.#finish(row, finished);
    }
    this.#entries.told(row, side);
  }

  #remove(row: Row): void {
    const finished: (() => void)[] = [];
    this.#take(row);
    for (const side of sides) this.#entries.told(row, side);
    this.#finish(row, finished);
    for (const call of finished) call();
  }

  /** Ends the wait of an entry for members. Adds what has to be called then to `finished`. */
  #finish(row: Row, finished: (() => void)[]): void {
    if (this.#names.has(row)) this.#names.delete(row);
    const call = this.#finished.get(row);
    if (call !== undefined) finished.push(call);
    this.#finished.delete(row);
    this.#entries.sentEnough(row);
  }

  #insert(row: Row): void {
    this.#tier(this.#entries.transmits(row)).add(row);
    this.#length += 1;
  }

  /** Returns the tier of entries that were sent so often. */
  #tier(transmits: number): Tier {
    while (this.#tiers.length <= transmits) {
      this.#tiers.push(new Tier(this.#entries, this.#links, this.#options.oldestFirst ?? false));
    }
    return this.#tiers[transmits]!;
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
