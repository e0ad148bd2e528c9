/**
 * The broadcast queue in its plainest form: one list that is sorted for every packet. What it sends,
 * and in which order, is what the optimised queue has to send.
 */

import type { Side } from "../../src/core/swim/gossip/ring.ts";
import type { BroadcastsOptions, FetchOptions } from "../../src/core/swim/queue/broadcasts.ts";

interface Entry {
  readonly bytes: Uint8Array;
  readonly name: string | undefined;
  readonly finished: (() => void) | undefined;
  readonly order: number;
  transmits: number;
}

/** After this many entries of a neighbour that do not fit, a packet is full. */
const misfitsMax = 8;

export class PlainBroadcasts {
  readonly #options: BroadcastsOptions;
  readonly #transmitLimit: number;
  readonly #owed: Record<Side, Entry[]> = { before: [], after: [] };
  #entries: Entry[] = [];
  #order = 0;
  dropped = 0;

  constructor(options: BroadcastsOptions, transmitLimit: number) {
    this.#options = options;
    this.#transmitLimit = transmitLimit;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    const all = new Set([...this.#entries, ...this.#owed.before, ...this.#owed.after]);
    return [...all].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  queue(bytes: Uint8Array, name: string | undefined, finished?: () => void): boolean {
    const known = this.#entries.find((entry) => name !== undefined && entry.name === name);
    if (known !== undefined) this.#remove(known);
    if (bytes.length > (this.#options.sizeMax?.() ?? bytes.length)) {
      this.dropped += 1;
      finished?.();
      return false;
    }
    const entry = { bytes, name, finished, order: this.#order++, transmits: 0 };
    const max = this.#options.lengthMax();
    this.#entries.push(entry);
    for (const owed of Object.values(this.#owed)) {
      owed.push(entry);
      if (owed.length > max) owed.shift();
    }
    this.prune(max);
    return true;
  }

  prune(max: number): void {
    while (this.#entries.length > max) {
      this.#remove(this.#expendable());
      this.dropped += 1;
    }
  }

  get untold(): number {
    return this.#owed.before.length + this.#owed.after.length;
  }

  fetch({ overhead, limit, countMax, side, below = Number.POSITIVE_INFINITY }: FetchOptions): Uint8Array[] {
    const { oldestFirst = false } = this.#options;
    const taken: Entry[] = [];
    let free = limit;
    let misfits = 0;
    const candidates = side === undefined ? this.#inOrder() : [...this.#owed[side]];
    for (const entry of candidates) {
      if (side === undefined && entry.transmits >= below) break;
      if (taken.length >= countMax) break;
      if (entry.bytes.length + overhead <= free) {
        free -= entry.bytes.length + overhead;
        taken.push(entry);
      } else if (oldestFirst) break;
      else if (side !== undefined && ++misfits === misfitsMax) break;
    }
    for (const entry of taken) {
      if (side !== undefined) this.#owed[side] = this.#owed[side].filter((other) => other !== entry);
      if (!this.#entries.includes(entry)) continue;
      entry.transmits += 1;
      if (entry.transmits < this.#transmitLimit) continue;
      this.#entries = this.#entries.filter((other) => other !== entry);
      entry.finished?.();
    }
    if (oldestFirst) taken.sort((a, b) => b.order - a.order);
    return taken.map(({ bytes }) => bytes);
  }

  forgive(side: Side): void {
    this.#owed[side] = [];
  }

  /** Least sent first, then longest, then newest; or least sent first, then oldest. */
  #inOrder(): Entry[] {
    return this.#entries.toSorted((a, b) => {
      if (a.transmits !== b.transmits) return a.transmits - b.transmits;
      if (this.#options.oldestFirst === true) return a.order - b.order;
      return b.bytes.length - a.bytes.length || b.order - a.order;
    });
  }

  /** The oldest of the most sent ones; of different lengths the oldest of the shortest. */
  #expendable(): Entry {
    const most = Math.max(...this.#entries.map(({ transmits }) => transmits));
    const candidates = this.#inOrder().filter(({ transmits }) => transmits === most);
    return this.#options.oldestFirst === true ? candidates[0]! : candidates.at(-1)!;
  }

  #remove(entry: Entry): void {
    const isOther = (other: Entry): boolean => other !== entry;
    this.#entries = this.#entries.filter(isOther);
    this.#owed.before = this.#owed.before.filter(isOther);
    this.#owed.after = this.#owed.after.filter(isOther);
    entry.finished?.();
  }
}
