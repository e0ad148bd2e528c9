/**
 * What Serf's layer knows of each member. A member has the row of its name, like in the membership
 * layer, but it stays here for as long as users have to see that it failed or left.
 */

import type { Names } from "../../names.ts";
import { noRow, placeOf, type Row, Rows } from "../../rows.ts";
import type { Identity } from "../../swim/identity.ts";
import { type Member, type MemberStatus, statusNumber } from "../api.ts";
import { LamportTimes } from "./lamport_times.ts";
import { MemberRecords } from "./member_records.ts";

/** The statuses by their numbers. No member of the table has the status `none`: it is an unused row. */
const statuses: readonly MemberStatus[] = ["none", "alive", "leaving", "left", "failed"];

/** The members in the order of their rows: mostly the one in which they were found first. */
export class MemberTable {
  readonly #names: Names;
  readonly #records = new MemberRecords();
  readonly #rows = new Rows((rows) => ({
    identity: new Array<Identity | undefined>(rows).fill(undefined),
    status: new Uint8Array(rows),
  }));
  readonly #statusTimes = new LamportTimes();
  /** The members that are being erased. */
  readonly #pruning = new Set<Row>();
  /** The number of members in each status, by its number. */
  readonly #counts = statuses.map(() => 0);
  /** When each member that failed or left did so, the one that is gone longest first. */
  readonly #goneAt = new Map<Row, number>();
  readonly #returningAt = new Map<Row, number>();
  readonly #leavingAt = new Map<Row, number>();
  readonly #staying = new Set<Row>();
  readonly #pastLeaves = new Map<Row, bigint>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** The number of members in all statuses. */
  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Returns the number of members in one status. */
  countOf(status: MemberStatus): number {
    return this.#counts[statusNumber[status]]!;
  }

  /** Returns the row of a member, or {@link noRow}. */
  find(name: string): Row {
    const row = this.#names.find(name);
    return row !== noRow && this.has(row) ? row : noRow;
  }

  /** Returns whether there still is a member at a row. */
  has(row: Row): boolean {
    return this.#rows.has(row) && this.#rows.of(row).status[placeOf(row)] !== 0;
  }

  /** Returns the rows of all members. */
  *rows(): Generator<Row> {
    for (let row = 0; this.#rows.has(row); row++) if (this.has(row)) yield row;
  }

  /** Returns the rows of the members that failed or left, the one that is gone longest first. */
  goneRows(): IterableIterator<Row> {
    return this.#goneAt.keys();
  }

  /** The number of members that failed or left. */
  get goneCount(): number {
    return this.#goneAt.size;
  }

  /** Returns the name of a member. */
  name(row: Row): string {
    return this.#names.name(row);
  }

  /** Returns the frozen record of a member. */
  member(row: Row): Member {
    return this.#records.of(this.#rows.of(row).identity[placeOf(row)]!, this.status(row));
  }

  /** Returns the status of a member. */
  status(row: Row): MemberStatus {
    return statuses[this.#rows.of(row).status[placeOf(row)]!]!;
  }

  /** Returns the Lamport time of the last accepted intent of a member. */
  statusTime(row: Row): bigint {
    return this.#statusTimes.get(row);
  }

  /** Returns whether a member is being erased; then its leave is not reported. */
  isPruning(row: Row): boolean {
    return this.#pruning.has(row);
  }

  /** Returns when a member became failed or left, or `undefined`. */
  goneAt(row: Row): number | undefined {
    return this.#goneAt.get(row);
  }

  /** Returns since when a member is leaving, or `undefined`. */
  leavingAt(row: Row): number | undefined {
    return this.#leavingAt.get(row);
  }

  /** Returns whether a member is leaving, but was there when it should have left. */
  isStaying(row: Row): boolean {
    return this.#staying.has(row);
  }

  /**
   * Returns when a member that left announced that it joins again, until it is found alive. Peers must
   * not receive it as left any more, or their intents would be newer than its join.
   */
  returningAt(row: Row): number | undefined {
    return this.#returningAt.get(row);
  }

  /**
   * Returns the Lamport time of the leave after which a member was found alive again, or `undefined`.
   * Who still lists it as left at that time, or before, has missed its return.
   */
  pastLeave(row: Row): bigint | undefined {
    return this.#pastLeaves.get(row);
  }

  /** Returns why the tags of a member cannot be decoded, or `undefined`; then it has no tags. */
  tagsFault(identity: Identity): string | undefined {
    return this.#records.fault(identity);
  }

  /** Adds a member. */
  add(identity: Identity, status: MemberStatus, statusTime: bigint): Row {
    const row = this.#names.hold(identity.name);
    this.#insert(row, identity, status, statusTime);
    return row;
  }

  /** Adds a member whose name has a row already. */
  addRow(row: Row, identity: Identity, status: MemberStatus, statusTime: bigint): void {
    this.#names.holdRow(row);
    this.#insert(row, identity, status, statusTime);
  }

  #insert(row: Row, identity: Identity, status: MemberStatus, statusTime: bigint): void {
    this.#rows.reserve(row);
    const columns = this.#rows.of(row);
    const place = placeOf(row);
    columns.identity[place] = identity;
    columns.status[place] = statusNumber[status];
    this.#statusTimes.set(row, statusTime);
    this.#counts[statusNumber[status]]! += 1;
  }

  /** Sets what a member announced. */
  setIdentity(row: Row, identity: Identity): void {
    this.#rows.of(row).identity[placeOf(row)] = identity;
  }

  /** Makes a member alive that was known before. */
  revive(row: Row, identity: Identity): void {
    if (this.status(row) === "left" && this.returningAt(row) === undefined)
      this.#pastLeaves.set(row, this.statusTime(row));
    this.setIdentity(row, identity);
    this.setStatus(row, "alive");
    this.setPruning(row, false);
    this.#goneAt.delete(row);
    this.#returningAt.delete(row);
  }

  setStatus(row: Row, status: MemberStatus): void {
    const { status: column } = this.#rows.of(row);
    const place = placeOf(row);
    this.#leavingAt.delete(row);
    this.#staying.delete(row);
    this.#counts[column[place]!]! -= 1;
    column[place] = statusNumber[status];
    this.#counts[column[place]!]! += 1;
  }

  setStatusTime(row: Row, time: bigint): void {
    this.#statusTimes.set(row, time);
  }

  setPruning(row: Row, isPruning: boolean): void {
    if (isPruning) this.#pruning.add(row);
    else this.#pruning.delete(row);
  }

  /** Makes a member one that is leaving from now on. */
  setLeaving(now: number, row: Row): void {
    this.setStatus(row, "leaving");
    this.#leavingAt.set(row, now);
  }

  /** Sets {@link isStaying} of a member that is leaving. */
  setStaying(row: Row): void {
    this.#staying.add(row);
  }

  /** Makes a member one that failed or left just now. */
  setGone(now: number, row: Row, status: "failed" | "left"): void {
    this.setStatus(row, status);
    this.#goneAt.delete(row);
    this.#goneAt.set(row, now);
  }

  /** Sets {@link returningAt}. */
  setReturning(row: Row, at: number | undefined): void {
    if (at === undefined) this.#returningAt.delete(row);
    else this.#returningAt.set(row, at);
  }

  /** Removes a member. */
  erase(row: Row): void {
    const columns = this.#rows.of(row);
    const place = placeOf(row);
    this.#counts[columns.status[place]!]! -= 1;
    columns.status[place] = statusNumber.none;
    columns.identity[place] = undefined;
    this.#goneAt.delete(row);
    this.#returningAt.delete(row);
    this.#leavingAt.delete(row);
    this.#staying.delete(row);
    this.#pastLeaves.delete(row);
    this.#pruning.delete(row);
    this.#statusTimes.delete(row);
    this.#names.release(row);
  }
}
