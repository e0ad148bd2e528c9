/**
 * The faults of the network that are going on: several may overlap, and the conditions of the links
 * are those of all of them together.
 */

import type { LinkCounts, LinkOptions, Links } from "../cores/links.ts";
import { perfectLinks } from "../cores/links.ts";
import type { Step, StepKind } from "./scenario.ts";

/** The counters of the network that show that a fault happened to some packet. */
const shownBy: Partial<Record<StepKind, keyof LinkCounts>> = {
  loss: "lost",
  badLink: "lost",
  duplication: "duplicated",
  reordering: "reordered",
  latency: "late",
  jitter: "late",
  corruption: "corrupted",
  cut: "cut",
  partition: "cut",
  bridge: "cut",
  isolate: "cut",
  udpBroken: "cut",
  bandwidth: "delayed",
  mtu: "tooLarge",
};

/** The network of one world. */
export class Weather {
  readonly #links: Links;
  readonly #size: number;
  readonly #usual: LinkOptions;
  /** What goes on, with the counter that shows it as it was at the beginning. */
  readonly #active = new Map<Step, number>();

  constructor(links: Links, size: number, usual: Partial<LinkOptions>) {
    this.#links = links;
    this.#size = size;
    this.#usual = { ...perfectLinks, ...usual };
  }

  /** Begins a fault. */
  begin(step: Step): void {
    this.#active.set(step, this.#shown(step.do));
    this.#apply();
  }

  /** Ends a fault. Returns whether any packet was touched by it, or `undefined` if it had ended. */
  end(step: Step): boolean | undefined {
    const before = this.#active.get(step);
    if (before === undefined) return undefined;
    const shown = shownBy[step.do] === undefined || this.#shown(step.do) > before;
    this.#active.delete(step);
    this.#apply();
    return shown;
  }

  /** Returns whether a fault of the network goes on. */
  has(step: Step): boolean {
    return this.#active.has(step);
  }

  /** What goes on. */
  get active(): Step[] {
    return [...this.#active.keys()];
  }

  /** Makes the network perfect for good. */
  clear(): void {
    this.#active.clear();
    this.#links.heal();
    this.#links.shape(perfectLinks);
  }

  #shown(kind: StepKind): number {
    const counter = shownBy[kind];
    return counter === undefined ? 0 : this.#links.counts[counter];
  }

  #apply(): void {
    const links = this.#links;
    links.heal();
    let all: LinkOptions = this.#usual;
    for (const step of this.#active.keys()) all = { ...all, ...conditions(step, all) };
    links.shape(all);
    for (const step of this.#active.keys()) this.#separate(step);
  }

  #separate({ do: kind, node = 0, other = 0, group = [] }: Step): void {
    const links = this.#links;
    if (kind === "cut") links.cut(node, other);
    else if (kind === "badLink") links.shapeLink(node, other, { loss: 0.5 });
    else if (kind === "partition") links.partition([group]);
    else if (kind === "bridge") links.partition([group], [node]);
    else if (kind === "isolate" || kind === "suspend") {
      for (let peer = 0; peer < this.#size; peer += 1) {
        links.cut(node, peer);
        links.cut(peer, node);
      }
    }
  }
}

/** Returns what a fault changes about all links; `all` is what others made of them. */
function conditions({ do: kind, value = 0 }: Step, all: LinkOptions): Partial<LinkOptions> {
  const [least, most] = all.latencyMs;
  switch (kind) {
    case "loss":
      return { loss: Math.max(all.loss, value / 100) };
    case "duplication":
      return { duplication: value / 100 };
    case "reordering":
      return { reordering: value / 100 };
    case "corruption":
      return { corruption: value / 100 };
    case "latency":
      return { latencyMs: [least, Math.max(most, value)] };
    case "jitter":
      return { latencyMs: [least, Math.max(most, value)], spread: "exponential" };
    case "bandwidth":
      return { bytesPerSecond: value };
    case "mtu":
      return { mtu: value };
    case "udpBroken":
      return { datagrams: false };
    case "tcpBroken":
      return { streams: false };
    default:
      return {};
  }
}
