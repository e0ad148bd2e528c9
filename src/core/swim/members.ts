/**
 * The table of known nodes: one record per name, and the shuffled list that gives the order of
 * probing.
 */

import { formatAddress } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { equalBytes } from "../bytes.ts";
import type { Random } from "../random.ts";
import type { Alive } from "../wire/messages.ts";
import { SwimLimits } from "./config.ts";

/** The state of a node in this layer. `left` is a death that the node itself announced. */
export type NodeStatus = "alive" | "suspect" | "dead" | "left";

/** What this node knows about one node. Only `membership.ts` changes it. */
export interface Node {
  readonly name: string;
  /** The place of the name on the ring, see {@link nameHash}. */
  readonly nameHash: number;
  /** The address as announced. Whether it has 4 or 16 bytes is part of the identity. */
  address: Uint8Array;
  /** Where to send: the canonical text of `address`, and the port. */
  endpoint: Address;
  meta: Uint8Array | null;
  /** PMin, PMax, PCur, DMin, DMax, DCur as announced; all 0 if the node announced fewer. */
  versions: Uint8Array;
  incarnation: number;
  status: NodeStatus;
  /** When `status` last changed. */
  changedAt: number;
}

/** Positions in {@link Node.versions}, the vector of versions that every member announces. */
export const versionIndex = {
  protocolMin: 0,
  protocolMax: 1,
  protocol: 2,
  delegateMin: 3,
  delegateMax: 4,
  delegate: 5,
} as const;

/** Returns whether a node is alive or suspected, and so still takes part. */
export function isLive(node: Node): boolean {
  return node.status === "alive" || node.status === "suspect";
}

/**
 * Returns whether an alive message says nothing about a node that is not known already. Messages
 * that are wrong never repeat what is known.
 */
export function isRepetition(node: Node, alive: Alive): boolean {
  if (alive.incarnation > node.incarnation || alive.port !== node.endpoint.port) return false;
  if ((alive.meta?.length ?? 0) > SwimLimits.meta || alive.versions.length < node.versions.length)
    return false;
  for (let index = 0; index < node.versions.length; index++) {
    if (alive.versions[index] !== node.versions[index]) return false;
  }
  return equalBytes(alive.address, node.address);
}

/**
 * Returns a hash of a name, from 0 to 2^32 - 1: FNV-1a, mixed by the finalizer of MurmurHash3. All
 * nodes have to agree on it.
 */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The table of known nodes, our own included. */
export class Members {
  readonly #random: Random;
  readonly #byName = new Map<string, Node>();
  #list: Node[] = [];
  #live = 0;
  #liveVersion = 0;
  #changed: ((node: Node) => void) | undefined;

  /** `random` orders the list. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Calls `changed` from now on with every node that is new, or whose status or incarnation was set. */
  watch(changed: (node: Readonly<Node>) => void): void {
    this.#changed = changed;
  }

  /** Handles that the incarnation of a node was set, and not its status. */
  touched(node: Node): void {
    this.#changed?.(node);
  }

  /** Nodes in probing order. */
  get list(): readonly Node[] {
    return this.#list;
  }

  /** The number of nodes in all states: the n of memberlist's formulas. */
  get count(): number {
    return this.#list.length;
  }

  /** The number of nodes that are alive or suspected. */
  get liveCount(): number {
    return this.#live;
  }

  /** Another number whenever a node becomes live or ceases to be. */
  get liveVersion(): number {
    return this.#liveVersion;
  }

  /** Returns the node of a name, or `undefined`. */
  find(name: string): Node | undefined {
    return this.#byName.get(name);
  }

  /**
   * Adds an unknown node as dead at incarnation 0, at a random place in the list. Returns
   * `undefined` if the table is full.
   */
  add(alive: Alive, now: number): Node | undefined {
    if (this.#list.length >= SwimLimits.members) return undefined;
    const node: Node = {
      name: alive.node,
      nameHash: nameHash(alive.node),
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
    this.#changed?.(node);
    return node;
  }

  /** Sets the state of a node. */
  change(node: Node, status: NodeStatus, now: number): void {
    const before = isLive(node);
    node.status = status;
    node.changedAt = now;
    this.#changed?.(node);
    if (isLive(node) === before) return;
    this.#live += before ? -1 : 1;
    this.#liveVersion += 1;
  }

  /**
   * Removes the nodes for which `keep` returns false and shuffles the rest (memberlist
   * `resetNodes`).
   */
  reap(keep: (node: Node) => boolean): void {
    this.#list = this.#list.filter((node) => {
      if (keep(node)) return true;
      this.#byName.delete(node.name);
      return false;
    });
    this.#random.shuffle(this.#list);
  }

  /**
   * Returns `count` distinct random nodes for which `accept` returns true, or all of them if there
   * are fewer (memberlist `kRandomNodes`, which may return fewer).
   */
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
