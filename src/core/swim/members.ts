/**
 * The table of known nodes: one record per name, and the shuffled list in which probing walks.
 */

import { formatAddress } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import type { Random } from "../random.ts";
import type { Alive } from "../wire/messages.ts";
import { SwimLimits } from "./config.ts";

/** State of a node at this layer. Left and dead differ only in what the node itself said. */
export type NodeStatus = "alive" | "suspect" | "dead" | "left";

/** What is known of one node. Only `membership.ts` changes it. */
export interface Node {
  readonly name: string;
  /** Address bytes as announced, 4 or 16; their form is part of the identity. */
  address: Uint8Array;
  /** Where to send to: canonical text of `address`, and the port. */
  endpoint: Address;
  meta: Uint8Array | null;
  /** PMin, PMax, PCur, DMin, DMax, DCur; zeros until announced. */
  versions: Uint8Array;
  incarnation: number;
  status: NodeStatus;
  /** When `status` last changed. */
  changedAt: number;
}

/** Index of the highest memberlist protocol version in {@link Node.versions}. */
export const protocolMaxIndex = 1;

/** True while a node takes part: alive or merely suspected. */
export function isLive(node: Node): boolean {
  return node.status === "alive" || node.status === "suspect";
}

/** All known nodes, our own included. */
export class Members {
  readonly #random: Random;
  readonly #byName = new Map<string, Node>();
  #list: Node[] = [];
  #live = 0;

  /** `random` orders the list. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Nodes in probing order. */
  get list(): readonly Node[] {
    return this.#list;
  }

  /** Nodes of all states that were not forgotten: the n of every formula. */
  get count(): number {
    return this.#list.length;
  }

  /** Nodes that are alive or suspected. */
  get liveCount(): number {
    return this.#live;
  }

  /** The record of a name. */
  find(name: string): Node | undefined {
    return this.#byName.get(name);
  }

  /** Adds an unknown node as dead at incarnation 0, at a random place; `undefined` when the table is full. */
  add(alive: Alive, now: number): Node | undefined {
    if (this.#list.length >= SwimLimits.members) return undefined;
    const node: Node = {
      name: alive.node,
      address: alive.address,
      endpoint: { host: formatAddress(alive.address), port: alive.port },
      meta: alive.meta,
      versions: alive.versions.length >= 6 ? alive.versions.subarray(0, 6) : new Uint8Array(6),
      incarnation: 0,
      status: "dead",
      changedAt: now,
    };
    this.#byName.set(node.name, node);
    const place = this.#random.below(this.#list.length + 1);
    this.#list.push(node);
    const last = this.#list.length - 1;
    this.#list[last] = this.#list[place]!;
    this.#list[place] = node;
    return node;
  }

  /** Moves a node to another state. */
  change(node: Node, status: NodeStatus, now: number): void {
    const before = isLive(node);
    node.status = status;
    node.changedAt = now;
    this.#live += Number(isLive(node)) - Number(before);
  }

  /** Forgets nodes that `keep` refuses and shuffles the rest (memberlist `resetNodes`). */
  reap(keep: (node: Node) => boolean): void {
    this.#list = this.#list.filter((node) => {
      if (keep(node)) return true;
      this.#byName.delete(node.name);
      return false;
    });
    this.#random.shuffle(this.#list);
  }

  /** Up to `count` distinct nodes that `accept` allows, uniformly chosen; never misses one that is eligible. */
  pick(count: number, accept: (node: Node) => boolean): Node[] {
    const chosen: Node[] = [];
    const drawsMax = this.#list.length < 8 * count ? 0 : 4 * count;
    for (let draw = 0; draw < drawsMax && chosen.length < count; draw++) {
      const node = this.#list[this.#random.below(this.#list.length)]!;
      if (accept(node) && !chosen.includes(node)) chosen.push(node);
    }
    if (chosen.length === count) return chosen;
    const rest = this.#list.filter((node) => accept(node) && !chosen.includes(node));
    while (chosen.length < count && rest.length > 0) {
      const place = this.#random.below(rest.length);
      chosen.push(rest[place]!);
      rest[place] = rest[rest.length - 1]!;
      rest.pop();
    }
    return chosen;
  }
}
