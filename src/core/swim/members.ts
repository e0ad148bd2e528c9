/**
 * The table of known nodes: a row for each name, and the shuffled list that gives the order of
 * probing.
 */

import type { Names } from "../names.ts";
import type { Random } from "../random.ts";
import { noRow, placeOf, type Row, Rows } from "../rows.ts";
import type { Alive } from "../wire/messages.ts";
import { SwimLimits } from "./config.ts";
import { type Identities, type Identity, isAnnouncedBy, sameMeta } from "./identity.ts";
import { ProbingOrder } from "./probing_order.ts";

/** The state of a node in this layer. `left` is a death that the node itself announced. */
export type NodeStatus = "alive" | "suspect" | "dead" | "left";

/** What this node knows about one node at the moment. */
export interface Node extends Identity {
  readonly incarnation: number;
  readonly status: NodeStatus;
}

/** A live node: what it announced last, and its incarnation. */
export interface Standing {
  readonly identity: Identity;
  readonly incarnation: number;
}

/** The statuses by their numbers in the table, where 0 is an unused row. */
const statuses: readonly (NodeStatus | undefined)[] = [undefined, "alive", "suspect", "dead", "left"];
const numbers: Readonly<Record<NodeStatus, number>> = { alive: 1, suspect: 2, dead: 3, left: 4 };

/** The table of known nodes, our own included. Only `membership.ts` changes it. */
export class Members {
  readonly #names: Names;
  readonly #identities: Identities;
  readonly #random: Random;
  readonly #order: ProbingOrder;
  readonly #rows = new Rows((rows) => ({
    identity: new Array<Identity | undefined>(rows).fill(undefined),
    incarnation: new Uint32Array(rows),
    status: new Uint8Array(rows),
  }));
  /** The number of rows in each status, by its number. */
  readonly #counts = statuses.map(() => 0);
  /** When each node that is dead or left became so. */
  readonly #goneAt = new Map<Row, number>();
  /** The rows of {@link #goneAt} in the order of probing; `undefined` while that is not known. */
  #goneInOrder: Row[] | undefined;
  #changed: ((node: Node) => void) | undefined;
  #liveChanged: ((row: Row, isLive: boolean) => void) | undefined;

  /** `random` orders the list. */
  constructor(random: Random, names: Names, identities: Identities) {
    this.#random = random;
    this.#names = names;
    this.#identities = identities;
    this.#order = new ProbingOrder(random);
  }

  /** Calls `changed` from now on with every node that is new, or whose status or incarnation was set. */
  watch(changed: (node: Node) => void): void {
    this.#changed = changed;
  }

  /** Calls `changed` from now on whenever a node becomes live or ceases to be. */
  watchLive(changed: (row: Row, isLive: boolean) => void): void {
    this.#liveChanged = changed;
  }

  /** The rows of all nodes in probing order. */
  get order(): Pick<ProbingOrder, "at" | "filter" | typeof Symbol.iterator> {
    return this.#order;
  }

  /** The number of nodes in all states: the n of memberlist's formulas. */
  get count(): number {
    return this.#order.count;
  }

  /** The number of nodes that are alive or suspected. */
  get liveCount(): number {
    return this.countOf("alive") + this.countOf("suspect");
  }

  /** Returns the number of nodes in a status. */
  countOf(status: NodeStatus): number {
    return this.#counts[numbers[status]]!;
  }

  /** Returns the row of a name, or {@link noRow}. */
  find(name: string): Row {
    const row = this.#names.find(name);
    return row !== noRow && this.has(row) ? row : noRow;
  }

  /** Returns whether there still is a node at a row. */
  has(row: Row): boolean {
    return this.#rows.has(row) && this.#rows.of(row).status[placeOf(row)] !== 0;
  }

  /** Returns the name of a node. */
  name(row: Row): string {
    return this.#names.name(row);
  }

  /** Returns the place of a node's name on the ring. */
  nameHash(row: Row): number {
    return this.#names.hash(row);
  }

  /** Returns what a node announced last. */
  identity(row: Row): Identity {
    return this.#rows.of(row).identity[placeOf(row)]!;
  }

  /** Returns the incarnation of a node. */
  incarnation(row: Row): number {
    return this.#rows.of(row).incarnation[placeOf(row)]!;
  }

  /** Returns the status of a node. */
  status(row: Row): NodeStatus {
    return statuses[this.#rows.of(row).status[placeOf(row)]!]!;
  }

  /** Returns whether a node is alive or suspected, and so still takes part. */
  isLive(row: Row): boolean {
    const status = this.#rows.of(row).status[placeOf(row)]!;
    return status === numbers.alive || status === numbers.suspect;
  }

  /** Returns for how long a node has been dead or left. */
  goneFor(row: Row, now: number): number {
    return now - this.#goneAt.get(row)!;
  }

  /** Returns what is known of a node at the moment. */
  node(row: Row): Node {
    const { name, address, endpoint, meta, versions } = this.identity(row);
    const incarnation = this.incarnation(row);
    return { name, address, endpoint, meta, versions, incarnation, status: this.status(row) };
  }

  /**
   * Returns whether an alive message says nothing about a node that is not known already. Messages
   * that are wrong never repeat what is known.
   */
  isRepetition(row: Row, alive: Alive): boolean {
    const { incarnation, identity } = this.#rows.of(row);
    const place = placeOf(row);
    const known = identity[place]!;
    const isOlder = alive.incarnation < incarnation[place]!;
    if (!isOlder && alive.incarnation !== incarnation[place]!) return false;
    return isAnnouncedBy(known, alive) && (isOlder || sameMeta(known.meta, alive.meta));
  }

  /**
   * Adds an unknown node as dead at incarnation 0, at a random place in the list. Returns
   * {@link noRow} if the table is full.
   */
  add(alive: Alive, now: number): Row {
    if (this.count >= SwimLimits.members) return noRow;
    const identity = this.#identities.of(alive, undefined);
    const row = this.#names.hold(identity.name);
    this.#insert(row, identity, "dead", 0);
    this.#setGone(row, now);
    this.#order.add(row);
    this.#changed?.(this.node(row));
    return row;
  }

  /** Adds those nodes that are unknown as alive. Returns their rows. */
  adopt(all: readonly Standing[]): Row[] {
    const adopted: Row[] = [];
    for (const { identity, incarnation } of all) {
      if (this.count >= SwimLimits.members) break;
      const row = this.#names.hold(identity.name);
      if (this.has(row)) {
        this.#names.release(row);
        continue;
      }
      this.#insert(row, identity, "alive", incarnation);
      this.#order.append(row);
      this.#changed?.(this.node(row));
      this.#liveChanged?.(row, true);
      adopted.push(row);
    }
    this.#order.shuffle();
    return adopted;
  }

  /** Sets what a node announced; its status or its incarnation has to be set after that. */
  announce(row: Row, alive: Alive): void {
    const { identity } = this.#rows.of(row);
    const place = placeOf(row);
    identity[place] = this.#identities.of(alive, identity[place]);
  }

  /** Sets the incarnation of a node. */
  renew(row: Row, incarnation: number): void {
    this.#rows.of(row).incarnation[placeOf(row)] = incarnation;
    this.#changed?.(this.node(row));
  }

  /** Sets the state of a node. */
  change(row: Row, status: NodeStatus, incarnation: number, now: number): void {
    const wasLive = this.isLive(row);
    const { status: column } = this.#rows.of(row);
    const place = placeOf(row);
    this.#counts[column[place]!]! -= 1;
    column[place] = numbers[status];
    this.#counts[column[place]!]! += 1;
    const isLive = this.isLive(row);
    if (isLive) this.#goneAt.delete(row);
    else this.#setGone(row, now);
    this.renew(row, incarnation);
    if (isLive !== wasLive) this.#liveChanged?.(row, isLive);
  }

  /**
   * Removes the nodes for which `keep` returns false and shuffles the rest (memberlist
   * `resetNodes`).
   */
  reap(keep: (row: Row) => boolean): void {
    this.#goneInOrder = undefined;
    this.#order.renew((row) => {
      if (this.isLive(row) || keep(row)) return true;
      this.#remove(row);
      return false;
    });
  }

  /**
   * Returns `count` distinct random nodes for which `accept` returns true, or all of them if there
   * are fewer (memberlist `kRandomNodes`, which may return fewer).
   */
  pick(count: number, accept: (row: Row) => boolean): Row[] {
    return this.#pick(count, accept, () => this.#order.filter(accept));
  }

  /** Returns a random node that has been dead for at most `ms`, or {@link noRow}. */
  pickDead(now: number, ms: number): Row {
    const isWanted = (row: Row): boolean => this.status(row) === "dead" && this.goneFor(row, now) <= ms;
    const [dead = noRow] = this.#pick(1, isWanted, () => {
      const wanted = [...this.#goneAt.keys()].filter(isWanted);
      return wanted.length < 2 ? wanted : this.#inOrder().filter(isWanted);
    });
    return dead;
  }

  /** Draws a few times, then chooses from `all` that are accepted, in the order of probing. */
  #pick(count: number, accept: (row: Row) => boolean, all: () => Row[]): Row[] {
    const chosen: Row[] = [];
    const drawsMax = this.count < 8 * count ? 0 : 4 * count;
    for (let draw = 0; draw < drawsMax && chosen.length < count; draw++) {
      const row = this.#order.draw();
      if (accept(row) && !chosen.includes(row)) chosen.push(row);
    }
    if (chosen.length === count) return chosen;
    const rest = all().filter((row) => !chosen.includes(row));
    while (chosen.length < count && rest.length > 0) {
      const place = this.#random.below(rest.length);
      chosen.push(rest[place]!);
      rest[place] = rest[rest.length - 1]!;
      rest.pop();
    }
    return chosen;
  }

  /** Returns the nodes that are gone, in the order of probing. */
  #inOrder(): readonly Row[] {
    this.#goneInOrder ??= this.#order.filter((row) => !this.isLive(row));
    return this.#goneInOrder;
  }

  #insert(row: Row, identity: Identity, status: NodeStatus, incarnation: number): void {
    this.#rows.reserve(row);
    const columns = this.#rows.of(row);
    const place = placeOf(row);
    columns.identity[place] = identity;
    columns.incarnation[place] = incarnation;
    columns.status[place] = numbers[status];
    this.#counts[numbers[status]]! += 1;
  }

  #setGone(row: Row, now: number): void {
    this.#goneAt.set(row, now);
    this.#goneInOrder = undefined;
  }

  #remove(row: Row): void {
    const { identity, status } = this.#rows.of(row);
    const place = placeOf(row);
    this.#counts[status[place]!]! -= 1;
    status[place] = 0;
    identity[place] = undefined;
    this.#goneAt.delete(row);
    this.#names.release(row);
  }
}
