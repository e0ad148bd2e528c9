/**
 * The ring of hashed names: all nodes sort the live members by a hash of their names, so they agree
 * on who is next to whom. Each node tells its two neighbours everything that it learns. Random
 * gossip alone misses a member now and then, because nobody draws it; on the ring two members look
 * after each one. The hash, unlike the name, does not put the machines of one rack side by side.
 */

import { isLive, type Members, type Node, nameHash } from "./members.ts";

/** The two directions on the ring. */
export type Side = "before" | "after";

/** Both directions. */
export const sides: readonly Side[] = ["before", "after"];

/** The neighbours of a node. With one other live member it is both of them. */
export type Neighbours = Readonly<Record<Side, Node>>;

const size = 0x1_0000_0000;

/** The ring as one node sees it. */
export class Ring {
  readonly #members: Members;
  readonly #name: string;
  readonly #place: number;
  #neighbours: Neighbours | undefined;
  /** The version of the members for which {@link #neighbours} is right. */
  #version = -1;

  /** `name` is that of this node. */
  constructor(members: Members, name: string) {
    this.#members = members;
    this.#name = name;
    this.#place = nameHash(name);
  }

  /** The neighbours of this node, or `undefined` if there is no other live member. */
  get neighbours(): Neighbours | undefined {
    const { liveVersion } = this.#members;
    if (this.#version !== liveVersion) {
      this.#version = liveVersion;
      this.#neighbours = this.#find();
    }
    return this.#neighbours;
  }

  /**
   * Returns other live members, at most `countMax`: first both neighbours, then those beyond them, in
   * turns. A member that comes or goes changes the choice by one at most.
   */
  nearest(countMax: number): Node[] {
    const others = this.#members.list
      .filter((node) => isLive(node) && node.name !== this.#name)
      .sort((a, b) => this.#distance(a) - this.#distance(b));
    return Array.from(
      { length: Math.min(countMax, others.length) },
      (_, index) => others.at(index % 2 === 0 ? index / 2 : -(index + 1) / 2)!,
    );
  }

  #find(): Neighbours | undefined {
    let before: Node | undefined;
    let after: Node | undefined;
    for (const node of this.#members.list) {
      if (!isLive(node) || node.name === this.#name) continue;
      const distance = this.#distance(node);
      if (after === undefined || distance < this.#distance(after)) after = node;
      if (before === undefined || distance > this.#distance(before)) before = node;
    }
    return before === undefined || after === undefined ? undefined : { before, after };
  }

  /** How far a node is behind this one, in the direction "after". */
  #distance(node: Node): number {
    return (node.nameHash - this.#place + size) % size;
  }
}
