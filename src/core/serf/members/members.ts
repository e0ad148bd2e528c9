/**
 * The members in Serf's view: the state of the membership layer combined with join and leave
 * intents, which have Lamport times (serf `handleNodeJoin`, `handleNodeLeave`,
 * `handleNodeLeaveIntent`, `handleNodeJoinIntent`).
 */

import type { Job } from "../../jobs.ts";
import { noRow, type Row } from "../../rows.ts";
import type { Identity } from "../../swim/identity.ts";
import type { Member, MemberEventType, MemberStatus } from "../api.ts";
import { statusNumber } from "../api.ts";
import { SerfLimits } from "../config.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { JoinIntent, LeaveIntent } from "../wire/messages.ts";
import { MemberTable } from "./member_table.ts";
import { RecentIntents } from "./recent_intents.ts";
import { SharedMembers, type SharedMembersState, stuckMs } from "./shared_members.ts";

/** The outcome of an intent: whether it is broadcast again, and what the caller has to do. */
export interface IntentOutcome {
  readonly rebroadcast: boolean;
  readonly follow: "nothing" | "refute" | "prune now" | "prune later";
}

/** A failed member that returns within this time is counted as flapping. */
const flapTimeoutMs = 60_000;

/** How long a member that announced its return may take until it is found alive. */
const returnTimeoutMs = 60_000;

const dropped: IntentOutcome = { rebroadcast: false, follow: "nothing" };
const rebroadcast: IntentOutcome = { rebroadcast: true, follow: "nothing" };

/**
 * The members that this node knows, itself included. The table has the new status of a member, by
 * its status and by what happens; an intent is old, equal or new by its Lamport time and that of
 * the last accepted one, and an equal leave intent counts as old:
 *
 * | what happens               | unknown | alive    | leaving  | left   | failed | ourselves |
 * | -------------------------- | ------- | -------- | -------- | ------ | ------ | --------- |
 * | found alive                | alive   | -        | -        | alive  | alive  | -         |
 * | found gone                 | -       | failed   | left     | -      | -      | -         |
 * | gone by its own word       | -       | left     | left     | -      | -      | -         |
 * | join intent, old           | kept    | -        | -        | -      | -      | -         |
 * | join intent, equal         | kept    | -        | alive    | -      | -      | -         |
 * | join intent, new           | kept    | alive    | alive    | left   | failed | alive     |
 * | leave intent, old          | kept    | -        | -        | -      | -      | -         |
 * | leave intent, new          | kept    | leaving  | leaving  | left   | left   | refuted   |
 * | leave intent to prune, new | kept    | leaving* | leaving* | erased | erased | refuted   |
 *
 * `-` ignores it. Every other intent is broadcast again, except that we refute a leave intent about
 * ourselves with a newer join intent. `kept` remembers the intent for a member that is not known
 * yet. `*` erases the member later, when its leave had time to spread.
 *
 * Of the members that failed or left, so many are remembered ({@link SerfLimits.goneMembers}). For
 * another one, the one that has been gone longest is erased and reported as reaped, as it would be
 * after its time. Live members are never erased for others.
 */
export class SerfMembers {
  readonly #context: SerfContext;
  readonly #erased: (name: string) => void;
  readonly #table: MemberTable;
  readonly #shared: SharedMembers;
  readonly #recent = new RecentIntents();

  /** `erased` is called with the name of every member that is erased. */
  constructor(context: SerfContext, erased: (name: string) => void) {
    this.#context = context;
    this.#erased = erased;
    this.#table = new MemberTable(context.names);
    this.#shared = new SharedMembers(this.#table);
  }

  /** The number of members in all statuses. */
  get count(): number {
    return this.#table.count;
  }

  /** Returns the number of members in one status. */
  countOf(status: MemberStatus): number {
    return this.#table.countOf(status);
  }

  /** Returns the frozen records of all members. */
  list(): Member[] {
    return Array.from(this.#table.rows(), (row) => this.#table.member(row));
  }

  /** Returns the frozen record of one member, or `undefined`. */
  find(name: string): Member | undefined {
    const row = this.#table.find(name);
    return row === noRow ? undefined : this.#table.member(row);
  }

  /** Returns the members in one status. */
  withStatus(status: MemberStatus): Member[] {
    const members: Member[] = [];
    if (this.countOf(status) === 0) return members;
    for (const row of this.#table.rows()) {
      if (this.#table.status(row) === status) members.push(this.#table.member(row));
    }
    return members;
  }

  /** Whether a member other than this node is alive. */
  get othersAlive(): boolean {
    const own = this.#table.find(this.#context.config.name);
    const isAlive = own !== noRow && this.#table.status(own) === "alive";
    return this.countOf("alive") > (isAlive ? 1 : 0);
  }

  /** Returns the Lamport time of the last accepted intent of a member. */
  statusTime(name: string): bigint | undefined {
    const row = this.#table.find(name);
    return row === noRow ? undefined : this.#table.statusTime(row);
  }

  /** Returns what a push/pull contains of the members; see {@link SharedMembers}. */
  shared(): Job<SharedMembersState> {
    return this.#shared.encode();
  }

  /** Handles that the membership layer found a node alive. */
  joined(now: number, node: Identity): void {
    let row = this.#table.find(node.name);
    this.#checkTags(node);
    if (row !== noRow) {
      const hasFailed = this.#table.status(row) === "failed";
      if (hasFailed && now - this.#table.goneAt(row)! < flapTimeoutMs) this.#count("flap");
      this.#table.revive(row, node);
    } else {
      const recent = this.#recent.find(node.name);
      const status = recent?.type === "leave" ? "leaving" : "alive";
      row = this.#table.add(node, status, recent?.lamportTime ?? 0n);
      if (status === "leaving") this.#table.setLeaving(now, row);
    }
    this.#count("join");
    this.#report("member-join", row, `EventMemberJoin: ${node.name} ${node.endpoint.host}`);
  }

  /** Handles that the membership layer took over nodes that are alive: one event for all. */
  adopted(rows: readonly Row[], identity: (row: Row) => Identity): void {
    const members: Member[] = [];
    for (const row of rows) {
      if (this.#table.has(row)) continue;
      const node = identity(row);
      this.#checkTags(node);
      this.#table.addRow(row, node, "alive", 0n);
      members.push(this.#table.member(row));
    }
    if (members.length === 0) return;
    this.#context.outbox.push({ kind: "emit", event: { type: "member-join", members } });
  }

  /**
   * Handles that the membership layer found a node gone. It has left if it announced that before, or
   * if it is the node itself that said it is gone; else it has failed. Serf only knows the former.
   */
  left(now: number, node: Identity, byItself: boolean): void {
    const row = this.#table.find(node.name);
    if (row === noRow) return;
    const status = this.#table.status(row);
    if (status !== "leaving" && status !== "alive") {
      log(this.#context, "WARN", `Bad state when leave: ${statusNumber[status]}`, "member");
      return;
    }
    const gone = status === "leaving" || byItself ? "left" : "failed";
    this.#table.setGone(now, row, gone);
    this.#count(gone);
    if (!this.#table.isPruning(row)) {
      const [type, title] =
        gone === "left"
          ? (["member-leave", "EventMemberLeave"] as const)
          : (["member-failed", "EventMemberFailed"] as const);
      this.#report(type, row, `${title}: ${node.name} ${node.endpoint.host}`);
    }
    this.#displace();
  }

  /** Handles that the metadata of a live node changed. */
  updated(node: Identity): void {
    const row = this.#table.find(node.name);
    if (row === noRow) return;
    this.#checkTags(node);
    this.#table.setIdentity(row, node);
    this.#count("update");
    this.#report("member-update", row, `EventMemberUpdate: ${node.name}`);
  }

  /** Handles that a member replied to a ping: if it should have left by now, it does not leave. */
  replied(now: number, name: string): void {
    const row = this.#table.find(name);
    const leavingAt = row === noRow ? undefined : this.#table.leavingAt(row);
    if (leavingAt !== undefined && now - leavingAt >= stuckMs(this.#context.config))
      this.#table.setStaying(row);
  }

  /** Applies a leave intent. One about this node is refuted, unless the node is leaving. */
  leaveIntent(now: number, intent: LeaveIntent): IntentOutcome {
    const { config } = this.#context;
    const row = this.#table.find(intent.node);
    if (row === noRow) return this.#recent.store(now, intent) ? rebroadcast : dropped;
    if (intent.lamportTime <= this.#table.statusTime(row)) return dropped;
    if (intent.node === config.name && this.#context.state === "alive") {
      log(this.#context, "DEBUG", "Refuting an older leave intent");
      return { rebroadcast: false, follow: "refute" };
    }
    this.#table.setStatusTime(row, intent.lamportTime);
    this.#table.setReturning(row, undefined);
    const status = this.#table.status(row);
    if (status === "alive") this.#table.setLeaving(now, row);
    if (status === "failed") {
      this.#table.setStatus(row, "left");
      const { address } = this.#table.member(row);
      this.#report("member-leave", row, `EventMemberLeave (forced): ${intent.node} ${address}`);
    }
    if (!intent.prune) return rebroadcast;
    if (this.#table.status(row) === "left") return { rebroadcast: true, follow: "prune now" };
    this.#table.setPruning(row, true);
    return { rebroadcast: true, follow: "prune later" };
  }

  /**
   * Applies a join intent. `announced` is true if the member itself broadcast it, and false if its
   * time comes from a push/pull.
   *
   * A member's own leave never has the time of its join. So a leave that does was made by others, who
   * removed the member or had missed that it returned, and the member is alive.
   */
  joinIntent(now: number, intent: JoinIntent, announced = false): IntentOutcome {
    const row = this.#table.find(intent.node);
    if (row === noRow) return this.#recent.store(now, intent) ? rebroadcast : dropped;
    const known = this.#table.statusTime(row);
    const status = this.#table.status(row);
    const wins = announced && status === "leaving" && intent.lamportTime === known;
    if (intent.lamportTime <= known && !wins) return dropped;
    this.#table.setStatusTime(row, intent.lamportTime);
    if (status === "left") this.#table.setReturning(row, this.#table.returningAt(row) ?? now);
    if (status === "leaving") {
      this.#table.setStatus(row, "alive");
      this.#table.setPruning(row, false);
    }
    return rebroadcast;
  }

  /**
   * Handles that a peer lists a member among those that left. Returns whether that was known, perhaps
   * because the member has returned since. If the peer knows the latest intent too, what looked like a
   * return was none: a third node, for which the member was still leaving, sent the time of the leave
   * as that of a join.
   */
  confirmLeft(name: string, lamportTime: bigint): boolean {
    const row = this.#table.find(name);
    if (row === noRow) return false;
    if (this.#table.status(row) !== "left") return lamportTime <= (this.#table.pastLeave(row) ?? -1n);
    if (lamportTime >= this.#table.statusTime(row)) this.#table.setReturning(row, undefined);
    return true;
  }

  /** Erases a member at once. */
  prune(name: string): void {
    const row = this.#table.find(name);
    if (row === noRow) return;
    const { address } = this.#table.member(row);
    this.#erase(row, `EventMemberReap (forced): ${name} ${address}`);
  }

  /**
   * Erases a member after the delay of `prune later`, unless it has joined again meanwhile. One that has
   * not left by then may never do so: {@link restore} is due later.
   */
  pruneAfterWait(now: number, name: string): void {
    const row = this.#table.find(name);
    if (row === noRow || !this.#table.isPruning(row)) return;
    if (this.#table.goneAt(row) === undefined) {
      this.#context.timers.set(`restore ${name}`, now + stuckMs(this.#context.config), {
        kind: "restore",
        node: name,
      });
    }
    this.prune(name);
  }

  /** Handles that the membership layer still finds a node alive that was erased as one that leaves. */
  restore(now: number, node: Identity): void {
    if (this.#table.find(node.name) === noRow) this.joined(now, node);
  }

  /** Erases members that have been gone for long, and forgets old intents. */
  reap(now: number): void {
    for (const row of this.#inOrder([...this.#table.goneRows()].filter((each) => this.#isDue(now, each)))) {
      this.#expectReturn(now, row);
      if (this.#isOverdue(now, row)) this.#erase(row, `EventMemberReap: ${this.#table.name(row)}`);
    }
    this.#recent.expire(now - this.#context.config.recentIntentTimeoutMs);
  }

  /** Returns whether {@link reap} has something to do with a member that is gone. */
  #isDue(now: number, row: Row): boolean {
    return this.#isOverdue(now, row) || this.#isOverdueToReturn(now, row);
  }

  /** Returns whether a member has been gone for so long that it is erased. */
  #isOverdue(now: number, row: Row): boolean {
    const { reconnectTimeoutMs, tombstoneTimeoutMs } = this.#context.config;
    const timeout = this.#table.status(row) === "failed" ? reconnectTimeoutMs : tombstoneTimeoutMs;
    return now - this.#table.goneAt(row)! > timeout;
  }

  #isOverdueToReturn(now: number, row: Row): boolean {
    const returningAt = this.#table.returningAt(row);
    return (
      returningAt !== undefined && this.#table.status(row) === "left" && now - returningAt >= returnTimeoutMs
    );
  }

  /** Returns rows in the order of the table. */
  #inOrder(rows: readonly Row[]): readonly Row[] {
    return rows.length < 2 ? rows : [...rows].sort((a, b) => a - b);
  }

  /**
   * Turns a member that left and announced its return into a failed one, if it has not been found
   * alive in time: it returned and crashed before this node received that it is alive.
   */
  #expectReturn(now: number, row: Row): void {
    if (!this.#isOverdueToReturn(now, row)) return;
    this.#table.setReturning(row, undefined);
    this.#table.setGone(now, row, "failed");
    this.#count("failed");
    const { name, address } = this.#table.member(row);
    this.#report("member-failed", row, `EventMemberFailed: ${name} ${address}`);
  }

  /** Erases the members that have been gone longest, but not this node, if too many are gone. */
  #displace(): void {
    for (const row of this.#table.goneRows()) {
      if (this.#table.goneCount <= SerfLimits.goneMembers) return;
      const name = this.#table.name(row);
      if (name !== this.#context.config.name) this.#erase(row, `EventMemberReap: ${name}`);
    }
  }

  #erase(row: Row, text: string): void {
    const member = this.#table.member(row);
    this.#table.erase(row);
    this.#erased(member.name);
    log(this.#context, "INFO", text, "member");
    this.#context.outbox.push({ kind: "emit", event: { type: "member-reap", members: [member] } });
  }

  #count(what: "join" | "left" | "failed" | "update" | "flap"): void {
    this.#context.outbox.meter?.incr(`serf.member.${what}`, 1);
  }

  #report(type: MemberEventType, row: Row, text: string): void {
    log(this.#context, "INFO", text, "member");
    this.#context.outbox.push({ kind: "emit", event: { type, members: [this.#table.member(row)] } });
  }

  #checkTags(node: Identity): void {
    const fault = this.#table.tagsFault(node);
    if (fault !== undefined) log(this.#context, "ERR", `Failed to decode tags: ${fault}`, "member");
  }
}
