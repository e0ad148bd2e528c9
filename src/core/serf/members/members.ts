/**
 * The members in Serf's view: the state of the membership layer combined with join and leave
 * intents, which have Lamport times (serf `handleNodeJoin`, `handleNodeLeave`,
 * `handleNodeLeaveIntent`, `handleNodeJoinIntent`).
 */

import { utf8Length } from "../../bytes.ts";
import type { Job } from "../../jobs.ts";
import type { Node } from "../../swim/members.ts";
import { WireError } from "../../wire/error.ts";
import type { Member, MemberEventType, MemberStatus } from "../api.ts";
import { statusNumber } from "../api.ts";
import { SerfLimits } from "../config.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { JoinIntent, LeaveIntent } from "../wire/messages.ts";
import type { PushPullMessage } from "../wire/push_pull.ts";
import { decodeTags, type Tags } from "../wire/tags.ts";
import { RecentIntents } from "./recent_intents.ts";
import { versionRanges } from "./versions.ts";

/** A member, with what users do not get to see. */
interface MemberRecord {
  member: Member;
  /** The Lamport time of the last accepted intent. */
  statusTime: bigint;
  /** When the member became failed or left. */
  goneAt: number;
  /** Whether the member is being erased; then its leave is not reported. */
  pruning: boolean;
  /**
   * When a member that left announced that it joins again, until it is found alive. Peers must not
   * receive it as left any more, or their intents would be newer than its join.
   */
  returningAt: number | undefined;
}

/** The outcome of an intent: whether it is broadcast again, and what the caller has to do. */
export interface IntentOutcome {
  readonly rebroadcast: boolean;
  readonly follow: "nothing" | "refute" | "prune now" | "prune later";
}

/** A failed member that returns within this time is counted as flapping. */
const flapTimeoutMs = 60_000;

/** What a name and its Lamport time add to the bytes of the name in a push/pull, at most. */
const nameOverhead = 14;

/** How many members are put into a push/pull at once. */
const sharedAtOnce = 4_096;

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
  readonly #records = new Map<string, MemberRecord>();
  /** The records of the members that failed or left, the one that is gone longest first. */
  readonly #gone = new Map<string, MemberRecord>();
  readonly #recent = new RecentIntents();

  /** `erased` is called with the name of every member that is erased. */
  constructor(context: SerfContext, erased: (name: string) => void) {
    this.#context = context;
    this.#erased = erased;
  }

  /** The number of members in all statuses. */
  get count(): number {
    return this.#records.size;
  }

  /** Returns the frozen records of all members. */
  list(): Member[] {
    return Array.from(this.#records.values(), (record) => record.member);
  }

  /** Returns the frozen record of one member, or `undefined`. */
  find(name: string): Member | undefined {
    return this.#records.get(name)?.member;
  }

  /** Returns the members in one status. */
  withStatus(status: MemberStatus): Member[] {
    return this.list().filter((member) => member.status === status);
  }

  /**
   * Whether a member other than this node is alive. It is read at every packet while the node
   * leaves, so it stops at the first one.
   */
  get othersAlive(): boolean {
    for (const [name, { member }] of this.#records) {
      if (member.status === "alive" && name !== this.#context.config.name) return true;
    }
    return false;
  }

  /** Returns the Lamport time of the last accepted intent of a member. */
  statusTime(name: string): bigint | undefined {
    return this.#records.get(name)?.statusTime;
  }

  /**
   * Returns what a push/pull contains of the members: the Lamport time of the last accepted intent
   * of each, and the names of those that left and have not announced since that they join again. It
   * leaves out members that are leaving: the peer would take the time of their leave for that of a
   * join, then ignore the leave itself, and report a failure. If the rest has more than
   * {@link SerfLimits.sharedNameBytes}, further members are left out: first those that have been
   * gone longest.
   */
  *shared(): Job<Pick<PushPullMessage, "statusTimes" | "leftMembers">> {
    const statusTimes = new Map<string, bigint>();
    const leftMembers: string[] = [];
    let count = 0;
    for (const record of yield* this.#fitting()) {
      if (++count % sharedAtOnce === 0) yield;
      // The time and whether it left have to be of the same moment: peers add one to the time of a
      // member that left, and that must not be newer than its return.
      const { member, statusTime, returningAt } = record;
      if (member.status === "leaving") continue;
      statusTimes.set(member.name, statusTime);
      if (member.status === "left" && returningAt === undefined) leftMembers.push(member.name);
    }
    return { statusTimes, leftMembers };
  }

  /** Handles that the membership layer found a node alive. */
  joined(now: number, node: Node): void {
    const known = this.#records.get(node.name);
    const tags = this.#tagsOf(node);
    if (known !== undefined) {
      if (known.member.status === "failed" && now - known.goneAt < flapTimeoutMs) this.#count("flap");
      known.member = memberOf(node, tags, "alive");
      known.goneAt = 0;
      known.pruning = false;
      known.returningAt = undefined;
      this.#gone.delete(node.name);
    } else {
      const recent = this.#recent.find(node.name);
      const status = recent?.type === "leave" ? "leaving" : "alive";
      this.#records.set(node.name, {
        member: memberOf(node, tags, status),
        statusTime: recent?.lamportTime ?? 0n,
        goneAt: 0,
        pruning: false,
        returningAt: undefined,
      });
    }
    this.#count("join");
    this.#report("member-join", node.name, `EventMemberJoin: ${node.name} ${node.endpoint.host}`);
  }

  /**
   * Handles that the membership layer found a node gone. It has left if it announced that before;
   * else it has failed.
   */
  left(now: number, node: Node): void {
    const record = this.#records.get(node.name);
    if (record === undefined) return;
    const { status } = record.member;
    if (status !== "leaving" && status !== "alive") {
      log(this.#context, "WARN", `Bad state when leave: ${statusNumber[status]}`, "member");
      return;
    }
    this.#setGone(now, node.name, record, status === "leaving" ? "left" : "failed");
    this.#count(status === "leaving" ? "left" : "failed");
    if (!record.pruning && status === "leaving") {
      this.#report("member-leave", node.name, `EventMemberLeave: ${node.name} ${node.endpoint.host}`);
    } else if (!record.pruning) {
      this.#report("member-failed", node.name, `EventMemberFailed: ${node.name} ${node.endpoint.host}`);
    }
    this.#displace();
  }

  /** Handles that the metadata of a live node changed. */
  updated(node: Node): void {
    const record = this.#records.get(node.name);
    if (record === undefined) return;
    record.member = memberOf(node, this.#tagsOf(node), record.member.status);
    this.#count("update");
    this.#report("member-update", node.name, `EventMemberUpdate: ${node.name}`);
  }

  /** Applies a leave intent. One about this node is refuted, unless the node is leaving. */
  leaveIntent(now: number, intent: LeaveIntent): IntentOutcome {
    const { config } = this.#context;
    const record = this.#records.get(intent.node);
    if (record === undefined) return this.#recent.store(now, intent) ? rebroadcast : dropped;
    if (intent.lamportTime <= record.statusTime) return dropped;
    if (intent.node === config.name && this.#context.state === "alive") {
      log(this.#context, "DEBUG", "Refuting an older leave intent");
      return { rebroadcast: false, follow: "refute" };
    }
    record.statusTime = intent.lamportTime;
    record.returningAt = undefined;
    const { status, address } = record.member;
    if (status === "none") return dropped;
    if (status === "alive") this.#setStatus(record, "leaving");
    if (status === "failed") {
      this.#setStatus(record, "left");
      this.#report("member-leave", intent.node, `EventMemberLeave (forced): ${intent.node} ${address}`);
    }
    if (!intent.prune) return rebroadcast;
    if (record.member.status === "left") return { rebroadcast: true, follow: "prune now" };
    record.pruning = true;
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
    const record = this.#records.get(intent.node);
    if (record === undefined) return this.#recent.store(now, intent) ? rebroadcast : dropped;
    const wins = announced && record.member.status === "leaving" && intent.lamportTime === record.statusTime;
    if (intent.lamportTime <= record.statusTime && !wins) return dropped;
    record.statusTime = intent.lamportTime;
    if (record.member.status === "left") record.returningAt ??= now;
    if (record.member.status === "leaving") {
      this.#setStatus(record, "alive");
      record.pruning = false;
    }
    return rebroadcast;
  }

  /**
   * Handles that a peer lists a member among those that left. Returns whether that was known. If the
   * peer knows the latest intent too, what looked like a return was none: a third node, for which
   * the member was still leaving, sent the time of the leave as that of a join.
   */
  confirmLeft(name: string, lamportTime: bigint): boolean {
    const record = this.#records.get(name);
    if (record?.member.status !== "left") return false;
    if (lamportTime >= record.statusTime) record.returningAt = undefined;
    return true;
  }

  /** Erases a member at once. */
  prune(name: string): void {
    const member = this.find(name);
    if (member !== undefined) this.#erase(name, `EventMemberReap (forced): ${name} ${member.address}`);
  }

  /** Erases a member after the delay of `prune later`, unless it has joined again meanwhile. */
  pruneAfterWait(name: string): void {
    if (this.#records.get(name)?.pruning === true) this.prune(name);
  }

  /** Erases members that have been gone for long, and forgets old intents. */
  reap(now: number): void {
    const { reconnectTimeoutMs, tombstoneTimeoutMs, recentIntentTimeoutMs } = this.#context.config;
    const timeouts: Partial<Record<MemberStatus, number>> = {
      failed: reconnectTimeoutMs,
      left: tombstoneTimeoutMs,
    };
    for (const [name, record] of this.#records) {
      this.#expectReturn(now, name, record);
      const timeout = timeouts[record.member.status];
      if (timeout !== undefined && now - record.goneAt > timeout)
        this.#erase(name, `EventMemberReap: ${name}`);
    }
    this.#recent.expire(now - recentIntentTimeoutMs);
  }

  /**
   * Turns a member that left and announced its return into a failed one, if it has not been found
   * alive in time: it returned and crashed before this node received that it is alive.
   */
  #expectReturn(now: number, name: string, record: MemberRecord): void {
    if (record.returningAt === undefined || record.member.status !== "left") return;
    if (now - record.returningAt < returnTimeoutMs) return;
    record.returningAt = undefined;
    this.#setGone(now, name, record, "failed");
    this.#count("failed");
    this.#report("member-failed", name, `EventMemberFailed: ${name} ${record.member.address}`);
  }

  /** Makes a member one that failed or left just now. */
  #setGone(now: number, name: string, record: MemberRecord, status: "failed" | "left"): void {
    record.goneAt = now;
    this.#setStatus(record, status);
    this.#gone.delete(name);
    this.#gone.set(name, record);
  }

  /** Erases the members that have been gone longest, but not this node, if too many are gone. */
  #displace(): void {
    for (const name of this.#gone.keys()) {
      if (this.#gone.size <= SerfLimits.goneMembers) return;
      if (name !== this.#context.config.name) this.#erase(name, `EventMemberReap: ${name}`);
    }
  }

  /** Returns the records that fit a push/pull: all, or those of which others need to know most. */
  *#fitting(): Job<readonly MemberRecord[]> {
    const all = [...this.#records.values()];
    const max: number = SerfLimits.sharedNameBytes;
    const fitting = yield* this.#first(all, max);
    if (fitting.length === all.length) return all;
    const live = all.filter(({ member }) => !this.#gone.has(member.name));
    return yield* this.#first([...live, ...[...this.#gone.values()].reverse()], max);
  }

  /** Returns the first records that have `max` bytes together in a push/pull. */
  *#first(records: readonly MemberRecord[], max: number): Job<readonly MemberRecord[]> {
    let free = max;
    for (let index = 0; index < records.length; index++) {
      const { name } = records[index]!.member;
      free -= (this.#gone.has(name) ? 2 : 1) * (utf8Length(name) + nameOverhead);
      if (free < 0) return records.slice(0, index);
      if (index % sharedAtOnce === sharedAtOnce - 1) yield;
    }
    return records;
  }

  #erase(name: string, text: string): void {
    const record = this.#records.get(name);
    if (record === undefined) return;
    this.#records.delete(name);
    this.#gone.delete(name);
    this.#erased(name);
    log(this.#context, "INFO", text, "member");
    this.#context.outbox.push({ kind: "emit", event: { type: "member-reap", members: [record.member] } });
  }

  #count(what: "join" | "left" | "failed" | "update" | "flap"): void {
    this.#context.outbox.meter?.incr(`serf.member.${what}`, 1);
  }

  #setStatus(record: MemberRecord, status: MemberStatus): void {
    record.member = Object.freeze({ ...record.member, status });
  }

  #report(type: MemberEventType, name: string, text: string): void {
    log(this.#context, "INFO", text, "member");
    this.#context.outbox.push({ kind: "emit", event: { type, members: [this.#records.get(name)!.member] } });
  }

  #tagsOf(node: Node): Tags {
    try {
      return decodeTags(node.meta);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode tags: ${error.message}`, "member");
      return Object.freeze({});
    }
  }
}

function memberOf(node: Node, tags: Tags, status: MemberStatus): Member {
  return Object.freeze({
    name: node.name,
    address: node.endpoint.host,
    port: node.endpoint.port,
    tags,
    status,
    ...versionRanges(node.versions),
  });
}
