/** The network between hosts: who reaches whom, how late, and what is lost on the way. Knows links, no sockets. */
import type { SeededRandom } from "./random.ts";

/** What a link does to what travels on it. */
export interface LinkConditions {
  /** One-way delay, drawn anew for each packet: least and most milliseconds. The difference is the jitter that reorders. */
  readonly latencyMs: readonly [least: number, most: number];
  /** Probability that a datagram is lost, or that a piece of a stream must be sent again. */
  readonly loss: number;
  /** Probability that a datagram arrives twice. */
  readonly duplication: number;
}

const perfect: LinkConditions = { latencyMs: [1, 1], loss: 0, duplication: 0 };
const loopback: LinkConditions = { latencyMs: [0, 0], loss: 0, duplication: 0 };

/** Conditions by link, cuts and partitions. Hosts are named. */
export class Network {
  readonly #random: SeededRandom;
  readonly #links: Map<string, LinkConditions> = new Map();
  readonly #cuts: Set<string> = new Set();
  #groups: Map<string, number> | undefined;
  #everywhere: LinkConditions;

  constructor(random: SeededRandom, conditions: Partial<LinkConditions> = {}) {
    this.#random = random;
    this.#everywhere = { ...perfect, ...conditions };
  }

  /** Changes the conditions of every link that has none of its own. */
  shape(conditions: Partial<LinkConditions>): void {
    this.#everywhere = { ...this.#everywhere, ...conditions };
  }

  /** Gives one direction of a link its own conditions. */
  shapeLink(from: string, to: string, conditions: Partial<LinkConditions>): void {
    const key = linkKey(from, to);
    this.#links.set(key, { ...(this.#links.get(key) ?? this.#everywhere), ...conditions });
  }

  /** Nothing travels from `from` to `to` any more; the other direction is left alone. */
  cut(from: string, to: string): void {
    this.#cuts.add(linkKey(from, to));
  }

  /** Only hosts of one group reach each other; hosts that no group names form one more. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, index) => names.map((name) => [name, index + 1] as const)));
  }

  /** Ends partitions, cuts and the links' own conditions. */
  heal(): void {
    this.#groups = undefined;
    this.#cuts.clear();
    this.#links.clear();
  }

  /** Whether anything sent now from one host reaches the other. */
  reaches(from: string, to: string): boolean {
    if (from === to) return true;
    if (this.#cuts.size > 0 && this.#cuts.has(linkKey(from, to))) return false;
    return !this.#groups || (this.#groups.get(from) ?? 0) === (this.#groups.get(to) ?? 0);
  }

  /** Delays after which copies of a datagram arrive: none when it is lost, two when it is doubled. */
  datagram(from: string, to: string): number[] {
    if (!this.reaches(from, to)) return [];
    const link = this.#link(from, to);
    if (this.#random.chance(link.loss)) return [];
    const first = this.#delay(link);
    return this.#random.chance(link.duplication) ? [first, this.#delay(link)] : [first];
  }

  /** The delay of a piece of a stream, whose losses cost time instead of bytes. */
  segment(from: string, to: string, retransmitMs: number): number {
    const link = this.#link(from, to);
    let delay = this.#delay(link);
    // A link that loses everything is a cut in all but name; it stalls for long instead of for ever.
    for (let lost = 0; lost < 8 && this.#random.chance(link.loss); lost += 1) delay += retransmitMs << lost;
    return delay;
  }

  #link(from: string, to: string): LinkConditions {
    if (from === to) return loopback;
    return (this.#links.size > 0 && this.#links.get(linkKey(from, to))) || this.#everywhere;
  }

  #delay({ latencyMs: [least, most] }: LinkConditions): number {
    return this.#random.between(least, most);
  }
}

function linkKey(from: string, to: string): string {
  return `${from}>${to}`;
}
