/**
 * What is recorded of a node's life so that its next one finds the cluster again (serf `Snapshotter`). Pure: lines are collected and
 * handed to the host twice a second at most; the host appends them, or replaces the file by {@link Snapshot.compacted}.
 */

import { joinHostPort } from "../../../net/address.ts";
import { utf8Length } from "../../bytes.ts";
import type { Member, MemberEventType, SerfEvent } from "../api.ts";
import type { SerfContext } from "../context.ts";
import type { SerfEffect } from "../effects.ts";
import { compact, lamportMax, line, type Replayed, type SnapshotState } from "./format.ts";

/** What a snapshot records beside events. */
export type SnapshotContext = Pick<SerfContext, "config" | "clocks">;

/** Lines wait at most this long. */
export const recordIntervalMs = 500;
/** Lines that wait at most; more of them become a compaction. */
const linesMax = 4_096;
/** A file below this size is not compacted; above it, when it is larger than this for each member. */
const compactSizeMin = 131_072;
const sizePerMember = 256;

/** Records one node. */
export class Snapshot {
  readonly #context: SnapshotContext;
  readonly #incarnation: () => number;
  readonly #state: SnapshotState;
  /** Bytes in the file, as far as we know. */
  #size: number;
  #compactedSize = 0;
  #lines: string[] = [];
  #recordedAt = Number.NEGATIVE_INFINITY;
  #leaving = false;
  #urgent = false;

  /** `incarnation` returns this node's own incarnation now. */
  constructor(context: SnapshotContext, restored: Replayed, incarnation: () => number) {
    this.#context = context;
    this.#incarnation = incarnation;
    const { state, size } = restored;
    this.#state = { ...state, alive: new Map(state.alive), failed: new Map(state.failed) };
    this.#size = size;
  }

  /** When {@link settle} has to be called next. */
  get deadline(): number {
    return this.#lines.length === 0 ? Number.POSITIVE_INFINITY : this.#recordedAt + recordIntervalMs;
  }

  /** Takes note of an event. After a leave there is nothing left to note. */
  event(event: SerfEvent): void {
    if (this.#leaving) return;
    if (event.type === "user") this.#eventTime(event.lamportTime);
    else if ("members" in event) for (const member of event.members) this.#member(event.type, member);
  }

  /** Takes note of the Lamport time of a query that was delivered, the internal ones too. */
  queryTime(time: bigint): void {
    if (this.#leaving || time <= this.#state.queryClock || time >= lamportMax) return;
    this.#state.queryClock = time;
    this.#push("query-clock: ", line.queryClock(time));
  }

  /** Takes note of our leave: the next life begins alone, unless it is to rejoin. */
  leave(): void {
    this.#observe();
    this.#leaving = true;
    this.#urgent = true;
    this.#lines.push(line.leave);
    if (this.#context.config.rejoinAfterLeave) return;
    this.#state.alive.clear();
    this.#state.failed.clear();
  }

  /** Takes note that we are back after a leave, among `members` as we know them now. */
  comeBack(members: readonly Member[]): void {
    this.#leaving = false;
    const { clock, eventClock, queryClock } = this.#state;
    // At replay the leave resets the clocks.
    this.#lines.push(line.clock(clock), line.eventClock(eventClock), line.queryClock(queryClock));
    for (const member of members) {
      if (member.status === "alive" || member.status === "leaving") this.#member("member-join", member);
      else if (member.status === "failed") this.#member("member-failed", member);
    }
  }

  /** Called after every input: asks the host to write what is due, or everything. */
  settle(now: number, everything: boolean): SerfEffect[] {
    this.#observe();
    if (this.#lines.length === 0 || (now < this.deadline && !this.#urgent && !everything)) return [];
    this.#recordedAt = now;
    this.#urgent = false;
    const tooMany = this.#lines.length > linesMax;
    const text = this.#lines.map((each) => `${each}\n`).join("");
    this.#lines = [];
    this.#size += utf8Length(text);
    return [tooMany || this.#size > this.#sizeMax ? { kind: "compact" } : { kind: "record", text }];
  }

  /** The whole file in its shortest form. Lines that wait are part of it. */
  compacted(): string {
    this.#observe();
    this.#lines = [];
    const text = compact(this.#state);
    this.#size = utf8Length(text);
    this.#compactedSize = this.#size;
    return text;
  }

  #eventTime(time: bigint): void {
    if (time <= this.#state.eventClock || time >= lamportMax) return;
    this.#state.eventClock = time;
    this.#push("event-clock: ", line.eventClock(time));
  }

  get #sizeMax(): number {
    const members = this.#state.alive.size + this.#state.failed.size;
    // Long names would have a file compacted for ever if the last compaction did not count.
    return Math.max(compactSizeMin, members * sizePerMember, 2 * this.#compactedSize);
  }

  #member(type: MemberEventType, member: Member): void {
    const { name } = member;
    const { alive, failed } = this.#state;
    // Such a name never gets here; if one did, it would forge lines.
    if (name.includes("\n")) return;
    const address = joinHostPort(member.address, member.port);
    switch (type) {
      case "member-join":
        this.#alive(name, address);
        return;
      case "member-update":
        if (alive.has(name) && alive.get(name) !== address) this.#alive(name, address);
        return;
      case "member-failed":
        alive.delete(name);
        failed.set(name, address);
        this.#lines.push(line.failed(name, address), line.notAlive(name));
        return;
      case "member-leave":
        alive.delete(name);
        failed.delete(name);
        this.#lines.push(line.notAlive(name));
        return;
      case "member-reap": {
        const wasAlive = alive.delete(name);
        const wasFailed = failed.delete(name);
        if (wasAlive || wasFailed) this.#lines.push(line.notAlive(name));
        return;
      }
    }
  }

  #alive(name: string, address: string): void {
    this.#state.failed.delete(name);
    this.#state.alive.set(name, address);
    this.#lines.push(line.alive(name, address));
  }

  /** Notes what has no event: the member clock and our own incarnation. */
  #observe(): void {
    const clock = this.#context.clocks.members.time - 1n;
    if (clock > this.#state.clock) {
      this.#state.clock = clock;
      this.#push("clock: ", line.clock(clock));
    }
    const incarnation = this.#incarnation();
    if (incarnation > this.#state.incarnation) {
      this.#state.incarnation = incarnation;
      this.#push("#incarnation: ", line.incarnation(incarnation));
    }
  }

  /** Adds a line, in the place of the one before if that said the same of an earlier time. */
  #push(key: string, text: string): void {
    if (this.#lines.at(-1)?.startsWith(key) === true) this.#lines.pop();
    this.#lines.push(text);
  }
}
