/**
 * Records what a node needs to find its cluster again after a restart (serf `Snapshotter`). It
 * collects lines and returns them to the host at most twice a second; the host appends them to the
 * file, or replaces the file by {@link Snapshot.compacted}.
 */

import { joinHostPort } from "../../../net/address.ts";
import { utf8Length } from "../../bytes.ts";
import type { Member, MemberEventType, SerfEvent } from "../api.ts";
import type { SerfContext } from "../context.ts";
import type { SerfEffect } from "../effects.ts";
import { lamportMax } from "../lamport.ts";
import { compact, line, type Replayed, type SnapshotState } from "./format.ts";

/** What a snapshot needs from the context. */
export type SnapshotContext = Pick<SerfContext, "config" | "clocks">;

/** The maximum time that lines wait. */
export const recordIntervalMs = 500;
/** The maximum number of lines that wait. If there are more, the file is compacted instead. */
const linesMax = 4_096;
/** A file below this size in bytes is never compacted. */
const compactSizeMin = 131_072;
/** A larger file is compacted if it has more bytes than this for each member. */
const sizePerMember = 256;

/** Records the snapshot of one node. */
export class Snapshot {
  readonly #context: SnapshotContext;
  readonly #incarnation: () => number;
  readonly #state: SnapshotState;
  /** The size of the file in bytes, if all writes succeeded. */
  #size: number;
  #compactedSize = 0;
  #lines: string[] = [];
  #recordedAt = Number.NEGATIVE_INFINITY;
  #leaving = false;
  #urgent = false;

  /** `incarnation` returns the current incarnation of this node. */
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

  /** Records an event; does nothing after a leave. */
  event(event: SerfEvent): void {
    if (this.#leaving) return;
    if (event.type === "user") this.#eventTime(event.lamportTime);
    else if ("members" in event) for (const member of event.members) this.#member(event.type, member);
  }

  /** Records the Lamport time of a query that matched this node, internal or not. */
  queryTime(time: bigint): void {
    if (this.#leaving || time <= this.#state.queryClock || time >= lamportMax) return;
    this.#state.queryClock = time;
    this.#push("query-clock: ", line.queryClock(time));
  }

  /** Records our leave: after a restart the node begins alone, unless `rejoinAfterLeave`. */
  leave(): void {
    this.#observe();
    this.#leaving = true;
    this.#urgent = true;
    this.#lines.push(line.leave);
    if (this.#context.config.rejoinAfterLeave) return;
    this.#state.alive.clear();
    this.#state.failed.clear();
  }

  /** Records that we came back after a leave, with the members that are known now. */
  comeBack(members: readonly Member[]): void {
    this.#leaving = false;
    const { clock, eventClock, queryClock } = this.#state;
    // The recorded leave resets the clocks at replay, so record them again.
    this.#lines.push(line.clock(clock), line.eventClock(eventClock), line.queryClock(queryClock));
    for (const member of members) {
      if (member.status === "alive" || member.status === "leaving") this.#member("member-join", member);
      else if (member.status === "failed") this.#member("member-failed", member);
    }
  }

  /** Called after every input. Returns effects to write what is due, or everything. */
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

  /**
   * Returns the whole file in its shortest form. It includes the lines that wait, which are
   * dropped.
   */
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
    // A file with long names may exceed the limit right after a compaction; the factor prevents
    // another one at once.
    return Math.max(compactSizeMin, members * sizePerMember, 2 * this.#compactedSize);
  }

  #member(type: MemberEventType, member: Member): void {
    const { name } = member;
    const { alive, failed } = this.#state;
    // The membership layer refuses such names. Check again, because a line feed would forge lines.
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

  /** Records what has no event: the member clock and our own incarnation. */
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

  /** Adds a line. It replaces the last line if that has the same key. */
  #push(key: string, text: string): void {
    if (this.#lines.at(-1)?.startsWith(key) === true) this.#lines.pop();
    this.#lines.push(text);
  }
}
