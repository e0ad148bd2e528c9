/** What a node tells others of the members in a push/pull (serf `LocalState`). */

import { utf8Length } from "../../bytes.ts";
import type { Job } from "../../jobs.ts";
import type { Row } from "../../rows.ts";
import { type SerfConfig, SerfLimits } from "../config.ts";
import type { PushPullMessage } from "../wire/push_pull.ts";
import type { MemberTable } from "./member_table.ts";

/** The part of a push/pull that is about members. */
export type SharedMembersState = Pick<PushPullMessage, "statusTimes" | "leftMembers">;

/** What a name and its Lamport time add to the bytes of the name in a push/pull, at most. */
const nameOverhead = 14;

/** How many members are put into a push/pull at once. */
const sharedAtOnce = 4_096;

/** After the time of so many leaves a member has left. */
const stuckAfterLeaves = 5;

/** Returns after how many milliseconds of leaving a member that is still there does not leave. */
export function stuckMs({ broadcastTimeoutMs, leavePropagateDelayMs }: SerfConfig): number {
  return stuckAfterLeaves * (broadcastTimeoutMs + leavePropagateDelayMs);
}

/**
 * What a push/pull contains of the members: the Lamport time of the last accepted intent of each, and
 * the names of those that left and have not announced since that they join again. It leaves out
 * members that are leaving: the peer would take the time of their leave for that of a join, then
 * ignore the leave itself, and report a failure. Only of one that stays, although it should have left by
 * now, a later time is sent: then it refutes the leave. If the rest has more than
 * {@link SerfLimits.sharedNameBytes}, further members are left out: first those that have been gone
 * longest.
 */
export class SharedMembers {
  readonly #table: MemberTable;

  constructor(table: MemberTable) {
    this.#table = table;
  }

  /** Returns what the members are at the moment. */
  *encode(): Job<SharedMembersState> {
    const statusTimes = new Map<string, bigint>();
    const leftMembers: string[] = [];
    let count = 0;
    for (const row of yield* this.#fitting()) {
      if (++count % sharedAtOnce === 0) yield;
      // The time and whether it left have to be of the same moment: peers add one to the time of a
      // member that left, and that must not be newer than its return.
      if (!this.#table.has(row)) continue;
      const status = this.#table.status(row);
      if (status === "leaving" && !this.#table.isStaying(row)) continue;
      const name = this.#table.name(row);
      // A leave that others made up may have the very time of the member's join.
      statusTimes.set(name, this.#table.statusTime(row) + (status === "leaving" ? 1n : 0n));
      if (status === "left" && this.#table.returningAt(row) === undefined) leftMembers.push(name);
    }
    return { statusTimes, leftMembers };
  }

  /** Returns the members that fit a push/pull: all, or those of which others need to know most. */
  *#fitting(): Job<readonly Row[]> {
    const all = [...this.#table.rows()];
    const max: number = SerfLimits.sharedNameBytes;
    const fitting = yield* this.#first(all, max);
    if (fitting.length === all.length) return all;
    const live = all.filter((row) => this.#table.goneAt(row) === undefined);
    return yield* this.#first([...live, ...[...this.#table.goneRows()].reverse()], max);
  }

  /** Returns the first members that have `max` bytes together in a push/pull. */
  *#first(rows: readonly Row[], max: number): Job<readonly Row[]> {
    let free = max;
    for (const [index, row] of rows.entries()) {
      const isGone = this.#table.goneAt(row) !== undefined;
      if (this.#table.has(row)) free -= (isGone ? 2 : 1) * (utf8Length(this.#table.name(row)) + nameOverhead);
      if (free < 0) return rows.slice(0, index);
      if (index % sharedAtOnce === sharedAtOnce - 1) yield;
    }
    return rows;
  }
}
