/**
 * The ring of hashed names: all nodes sort the live members by a hash of their names, so they agree
 * on who is next to whom. Each node tells its two neighbours everything that it learns. Random
 * gossip alone misses a member now and then, because nobody draws it; on the ring two members look
 * after each one. The hash, unlike the name, does not put the machines of one rack side by side.
 */

import { nameHash } from "../../name_index.ts";
import { noRow, type Row } from "../../rows.ts";
import type { Members } from "../members.ts";

/** The two directions on the ring. */
export type Side = "before" | "after";

/** Both directions. */
export const sides: readonly Side[] = ["before", "after"];

/** The neighbours of a node. With one other live member it is both of them. */
export type Neighbours = Readonly<Record<Side, Row>>;

const size = 0x1_0000_0000;

/** The ring as one node sees it. */
export class Ring {
  readonly #members: Members;
  readonly #name: string;
  readonly #place: number;
  #before: Row = noRow;
  #after: Row = noRow;
  /** Whether a neighbour is gone, so that the next ones have to be searched. */
  #isBroken = true;

  /** `name` is that of this node. */
  constructor(members: Members, name: string) {
    this.#members = members;
    this.#name = name;
    this.#place = nameHash(name);
    members.watchLive((row, isLive) => {
      if (!isLive) this.#isBroken ||= row === this.#before || row === this.#after;
      else if (!this.#isBroken) this.#add(row);
    });
  }

  /** The neighbours of this node, or `undefined` if there is no other live member. */
  get neighbours(): Neighbours | undefined {
    if (this.#isBroken) this.#search();
    return this.#after === noRow ? undefined : { before: this.#before, after: this.#after };
  }

  /**
   * Returns other live members, at most `countMax`: first both neighbours, then those beyond them, in
   * turns. A member that comes or goes changes the choice by one at most.
   */
  nearest(countMax: number): Row[] {
    const others = this.#members.order
      .filter((row) => this.#members.isLive(row) && this.#members.name(row) !== this.#name)
      .sort((a, b) => this.#distance(a) - this.#distance(b));
    return Array.from(
      { length: Math.min(countMax, others.length) },
      (_, index) => others.at(index % 2 === 0 ? index / 2 : -(index + 1) / 2)!,
    );
  }

  /** Returns the two live neighbours of any member, or the one that there is. Looks at every member. */
  neighboursOf(row: Row): Row[] {
    const place = this.#members.nameHash(row);
    const distance = (other: Row): number => (this.#members.nameHash(other) - place + size) % size;
    let before: Row = noRow;
    let after: Row = noRow;
    for (const other of this.#members.order) {
      if (other === row || !this.#members.isLive(other)) continue;
      if (after === noRow || distance(other) < distance(after)) after = other;
      if (before === noRow || distance(other) > distance(before)) before = other;
    }
    if (after === noRow) return [];
    return before === after ? [after] : [before, after];
  }

  #search(): void {
    this.#isBroken = false;
    this.#before = noRow;
    this.#after = noRow;
    for (const row of this.#members.order) if (this.#members.isLive(row)) this.#add(row);
  }

  /** Makes a live member a neighbour if it is nearer than those so far. */
  #add(row: Row): void {
    if (this.#members.name(row) === this.#name) return;
    const distance = this.#distance(row);
    if (this.#after === noRow || distance < this.#distance(this.#after)) this.#after = row;
    if (this.#before === noRow || distance > this.#distance(this.#before)) this.#before = row;
  }

  /** How far a member is behind this node, in the direction "after". */
  #distance(row: Row): number {
    return (this.#members.nameHash(row) - this.#place + size) % size;
  }
}
