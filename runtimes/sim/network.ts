/**
 * The network between hosts: which hosts reach which, with what delay, and what is lost. It
 * consists of links and has no sockets.
 */
import type { SeededRandom } from "./random.ts";

/** How a link treats the packets on it. */
export interface LinkConditions {
  /**
   * The minimum and maximum one-way delay in milliseconds. Each packet gets a random one in
   * between, so a difference reorders packets.
   */
  readonly latencyMs: readonly [least: number, most: number];
  /** The probability that a datagram is lost, or that a piece of a stream has to be sent again. */
  readonly loss: number;
  /** The probability that a datagram arrives twice. */
  readonly duplication: number;
}

const perfect: LinkConditions = { latencyMs: [1, 1], loss: 0, duplication: 0 };
const loopback: LinkConditions = { latencyMs: [0, 0], loss: 0, duplication: 0 };

/** The network of a world: conditions of links, cuts and partitions. Hosts are given by name. */
export class Network {
  readonly #random: SeededRandom;
  readonly #links: Map<string, LinkConditions> = new Map();
  readonly #cuts: Set<string> = new Set();
  #groups: Map<string, number> | undefined;
  #everywhere: LinkConditions;

  /** @internal */
  constructor(random: SeededRandom, conditions: Partial<LinkConditions> = {}) {
    this.#random = random;
    this.#everywhere = { ...perfect, ...conditions };
  }

  /** Changes the conditions of all links that have none of their own. */
  shape(conditions: Partial<LinkConditions>): void {
    this.#everywhere = { ...this.#everywhere, ...conditions };
  }

  /** Sets conditions for one direction of a link. */
  shapeLink(from: string, to: string, conditions: Partial<LinkConditions>): void {
    const key = linkKey(from, to);
    this.#links.set(key, { ...(this.#links.get(key) ?? this.#everywhere), ...conditions });
  }

  /** Cuts the link from `from` to `to`; the other direction stays. */
  cut(from: string, to: string): void {
    this.#cuts.add(linkKey(from, to));
  }

  /**
   * Partitions the network: only hosts of the same group reach each other. Hosts in no group form
   * another one.
   */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, index) => names.map((name) => [name, index + 1] as const)));
  }

  /** Ends partitions and cuts, and removes the links' own conditions. */
  heal(): void {
    this.#groups = undefined;
    this.#cuts.clear();
    this.#links.clear();
  }

  /** Returns whether packets that are sent now from one host reach the other. */
  reaches(from: string, to: string): boolean {
    if (from === to) return true;
    if (this.#cuts.size > 0 && this.#cuts.has(linkKey(from, to))) return false;
    return !this.#groups || (this.#groups.get(from) ?? 0) === (this.#groups.get(to) ?? 0);
  }

  /**
   * Returns the delays after which the copies of a datagram arrive: none if it is lost, two if it
   * is duplicated.
   */
  datagram(from: string, to: string): number[] {
    if (!this.reaches(from, to)) return [];
    const link = this.#link(from, to);
    if (this.#random.chance(link.loss)) return [];
    const first = this.#delay(link);
    return this.#random.chance(link.duplication) ? [first, this.#delay(link)] : [first];
  }

  /**
   * Returns the delay of a piece of a stream. A lost piece is sent again, which makes the delay
   * longer.
   */
  segment(from: string, to: string, retransmitMs: number): number {
    const link = this.#link(from, to);
    let delay = this.#delay(link);
    // The loop has a limit, because a link may lose everything.
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
