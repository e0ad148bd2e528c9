/**
 * The network between nodes that are numbered: how late a packet is, whether it is lost, who
 * reaches whom. What is not used draws no chance, so that a new kind of fault leaves old histories
 * as they are.
 */

import type { SeededRandom } from "../random.ts";

/** The conditions of all links. */
export interface LinkOptions {
  /**
   * The least and the greatest one-way delay in milliseconds. Each packet gets its own, so a
   * difference reorders packets. Default: 1 and 1.
   */
  readonly latencyMs: readonly [least: number, most: number];
  /**
   * The shape of the delays: all equally likely, or mostly near the least with a long tail
   * (exponential, its mean in the middle, cut at ten times the greatest). Default: `uniform`.
   */
  readonly spread: "uniform" | "exponential";
  /** The probability that a datagram is lost, or a piece of a stream has to be sent again. */
  readonly loss: number;
  /** The probability that a datagram arrives twice. */
  readonly duplication: number;
  /** The probability that a datagram is held back by up to 100 ms, so that later ones overtake it. */
  readonly reordering: number;
  /** The probability that one byte of a datagram arrives changed. */
  readonly corruption: number;
  /** The largest datagram in bytes that arrives. Default: no limit. */
  readonly mtu: number;
  /**
   * What a node can send in a second, in bytes of datagrams; the rest waits, or is lost if more waits than
   * ten seconds take. Default: no limit.
   */
  readonly bytesPerSecond: number;
  /** Whether datagrams arrive at all. */
  readonly datagrams: boolean;
  /** Whether connections can be opened and used. */
  readonly streams: boolean;
}

/** A perfect network with one millisecond of delay. */
export const perfectLinks: LinkOptions = {
  latencyMs: [1, 1],
  spread: "uniform",
  loss: 0,
  duplication: 0,
  reordering: 0,
  corruption: 0,
  mtu: Number.POSITIVE_INFINITY,
  bytesPerSecond: Number.POSITIVE_INFINITY,
  datagrams: true,
  streams: true,
};

/** Lost pieces of a stream are sent again after this long, then twice as long, and so on. */
const retransmitMs = 200;

/** How long a datagram is held back at most, so that others overtake it. */
const heldBackMs = 100;

/** How much of what a node sends waits for its line, in milliseconds that sending it takes. */
const lineHoldsMs = 10_000;

/** Counts of what the network did to packets, so that a run proves that its faults happened. */
export interface LinkCounts {
  /** Lost by chance. */
  lost: number;
  /** Delivered twice. */
  duplicated: number;
  /** Overtaken by later ones. */
  reordered: number;
  /** Datagrams that took longer than they do while nothing happens to the network. */
  late: number;
  /** Delivered with a wrong byte. */
  corrupted: number;
  /** Dropped for their size. */
  tooLarge: number;
  /** Dropped by a cut. */
  cut: number;
  /** Held up by a narrow link. */
  delayed: number;
  /** Refused by a host without the program. */
  refused: number;
}

/** Conditions of all links, partitions, and links that are cut in one direction. */
export class Links {
  /** How often each fault struck. */
  readonly counts: LinkCounts = {
    lost: 0,
    duplicated: 0,
    reordered: 0,
    late: 0,
    corrupted: 0,
    tooLarge: 0,
    cut: 0,
    delayed: 0,
    refused: 0,
  };
  readonly #random: SeededRandom;
  readonly #own = new Map<number, LinkOptions>();
  readonly #cuts = new Set<number>();
  readonly #busyUntil = new Map<number, number>();
  /** The longest usual delay. */
  readonly #usualMs: number;
  #everywhere: LinkOptions;
  #groups: ReadonlyMap<number, number> | undefined;
  #bridges: ReadonlySet<number> = new Set();

  /** @internal */
  constructor(random: SeededRandom, options: Partial<LinkOptions> = {}) {
    this.#random = random;
    this.#everywhere = { ...perfectLinks, ...options };
    this.#usualMs = this.#everywhere.latencyMs[1];
  }

  /** Changes the conditions of all links that have none of their own. */
  shape(options: Partial<LinkOptions>): void {
    this.#everywhere = { ...this.#everywhere, ...options };
  }

  /** Changes the conditions of one direction of a link. */
  shapeLink(from: number, to: number, options: Partial<LinkOptions>): void {
    this.#own.set(linkOf(from, to), { ...this.#link(from, to), ...options });
  }

  /** Cuts one direction of a link. */
  cut(from: number, to: number): void {
    this.#cuts.add(linkOf(from, to));
  }

  /**
   * Partitions the network: only nodes of the same group reach each other; nodes in no group form
   * another. Bridges reach everybody.
   */
  partition(groups: readonly (readonly number[])[], bridges: readonly number[] = []): void {
    this.#groups = new Map(groups.flatMap((nodes, group) => nodes.map((node) => [node, group + 1] as const)));
    this.#bridges = new Set(bridges);
  }

  /** Ends partitions and cuts, and removes the links' own conditions. */
  heal(): void {
    this.#groups = undefined;
    this.#cuts.clear();
    this.#own.clear();
  }

  /** Whether what one node sends now reaches the other. */
  reaches(from: number, to: number): boolean {
    if (this.#cuts.size > 0 && this.#cuts.has(linkOf(from, to))) return false;
    const groups = this.#groups;
    if (groups === undefined || groups.get(from) === groups.get(to)) return true;
    return this.#bridges.has(from) || this.#bridges.has(to);
  }

  /** Whether connections work from one node to the other. */
  connects(from: number, to: number): boolean {
    return this.#link(from, to).streams && this.reaches(from, to) && this.reaches(to, from);
  }

  /**
   * Calls `arrive` with the delay of each copy of a datagram that arrives, and whether that copy is
   * changed on its way.
   */
  datagram(
    { from, to, size, now }: { from: number; to: number; size: number; now: number },
    arrive: (delayMs: number, corrupted: boolean) => void,
  ): void {
    const link = this.#link(from, to);
    if (!link.datagrams || !this.reaches(from, to)) {
      this.counts.cut += 1;
      return;
    }
    if (size > link.mtu) {
      this.counts.tooLarge += 1;
      return;
    }
    if (this.#random.chance(link.loss)) {
      this.counts.lost += 1;
      return;
    }
    const queued = this.#queue(from, size, link, now);
    if (queued === undefined) {
      this.counts.lost += 1;
      return;
    }
    const doubled = this.#random.chance(link.duplication);
    if (doubled) this.counts.duplicated += 1;
    for (let copy = doubled ? 2 : 1; copy > 0; copy -= 1) {
      const corrupted = this.#random.chance(link.corruption);
      if (corrupted) this.counts.corrupted += 1;
      const delay = this.#delay(link);
      if (delay > this.#usualMs) this.counts.late += 1;
      arrive(queued + delay + this.#heldBack(link), corrupted);
    }
  }

  /** The delay of a piece of a stream, whose losses cost time instead of bytes. */
  segment(from: number, to: number): number {
    const link = this.#link(from, to);
    let delay = this.#delay(link);
    // The loop has a limit, because a link may lose everything.
    for (let lost = 0; lost < 8 && this.#random.chance(link.loss); lost += 1) delay += retransmitMs << lost;
    return delay;
  }

  /** Returns a copy of a datagram of which one byte has changed. */
  damaged(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    copy[this.#random.below(copy.length)]! ^= 1 + this.#random.below(255);
    return copy;
  }

  #link(from: number, to: number): LinkOptions {
    return (this.#own.size > 0 && this.#own.get(linkOf(from, to))) || this.#everywhere;
  }

  /** How long a datagram is held back. */
  #heldBack({ reordering }: LinkOptions): number {
    if (!this.#random.chance(reordering)) return 0;
    this.counts.reordered += 1;
    return this.#random.between(1, heldBackMs);
  }

  /** How long a datagram waits until its sender's line has sent it; `undefined` if too many wait. */
  #queue(from: number, size: number, { bytesPerSecond }: LinkOptions, now: number): number | undefined {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
    const begin = Math.max(now, this.#busyUntil.get(from) ?? 0);
    if (begin - now > lineHoldsMs) return undefined;
    const end = begin + (1_000 * size) / bytesPerSecond;
    this.#busyUntil.set(from, end);
    const wait = Math.ceil(end - now);
    if (wait > 1) this.counts.delayed += 1;
    return wait;
  }

  #delay({ latencyMs: [least, most], spread }: LinkOptions): number {
    if (spread === "uniform") return this.#random.between(least, most);
    // A geometric distribution drawn with integers: the logarithm differs between engines.
    let delay = least;
    const step = Math.max(1, (most - least) >> 3);
    const limit = 10 * most;
    while (delay < limit && this.#random.chance(0.8)) delay += step;
    return delay;
  }
}

/** Both ends of a link as one number. */
function linkOf(from: number, to: number): number {
  return from * 0x10_0000 + to;
}
