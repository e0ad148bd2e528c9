/**
 * Merges bursts of events: they are held until none has come for some time, or at the latest until
 * some time after the first (serf `coalesce.go`, `coalesce_member.go`, `coalesce_user.go`). The
 * owner passes the time, and calls `flush` when the deadline is reached.
 *
 * Two things differ from Serf on purpose. A flushed event is forgotten; Serf repeats a
 * member-update with every later flush until another event of that member replaces it. And a member
 * for which different events were held is always reported: if it failed and returned it may have
 * another address now, but Serf reports nothing.
 */

import type { Member, MemberEvent, MemberEventType, UserEvent } from "../api.ts";

/** How long events are held. */
export interface CoalesceTimes {
  /** Held events are flushed when none has come for this long. */
  readonly quietMs: number;
  /** Held events are flushed at the latest this long after the first of them. */
  readonly periodMs: number;
}

/** The maximum number of held user events; when it is reached, all of them are flushed. */
export const heldUserEventsMax = 4096;

/** The deadline of a coalescer, from its two times. */
class Hold {
  readonly #times: CoalesceTimes;
  #end = Number.POSITIVE_INFINITY;
  #quiet = Number.POSITIVE_INFINITY;

  constructor(times: CoalesceTimes) {
    this.#times = times;
  }

  get deadline(): number {
    return Math.min(this.#end, this.#quiet);
  }

  added(now: number): void {
    if (this.#end === Number.POSITIVE_INFINITY) this.#end = now + this.#times.periodMs;
    this.#quiet = now + this.#times.quietMs;
  }

  clear(): void {
    this.#end = Number.POSITIVE_INFINITY;
    this.#quiet = Number.POSITIVE_INFINITY;
  }
}

/** The last held event of a member. `mixed` is true if one of another type came before it. */
interface HeldEvent {
  readonly type: MemberEventType;
  readonly member: Member;
  readonly mixed: boolean;
}

/**
 * Merges member events: only the last one of each member is emitted, and not if it repeats the one
 * that was emitted before.
 */
export class MemberCoalescer {
  readonly #hold: Hold;
  readonly #latest = new Map<string, HeldEvent>();
  readonly #emitted = new Map<string, MemberEventType>();

  constructor(times: CoalesceTimes) {
    this.#hold = new Hold(times);
  }

  /** When to flush; `Infinity` while nothing is held. */
  get deadline(): number {
    return this.#hold.deadline;
  }

  /** Holds an event. */
  add(now: number, event: MemberEvent): void {
    const { type } = event;
    for (const member of event.members) {
      const held = this.#latest.get(member.name);
      const mixed = held !== undefined && (held.mixed || held.type !== type);
      this.#latest.set(member.name, { type, member, mixed });
    }
    this.#hold.added(now);
  }

  /**
   * Returns the held events and forgets them: one event for each type. Updates are never
   * repetitions.
   */
  flush(): MemberEvent[] {
    this.#hold.clear();
    const groups = new Map<MemberEventType, Member[]>();
    for (const [name, { type, member, mixed }] of this.#latest) {
      if (this.#emitted.get(name) === type && type !== "member-update" && !mixed) continue;
      // A reaped member is unknown from now on. If it stayed here, names would accumulate for ever.
      if (type === "member-reap") this.#emitted.delete(name);
      else this.#emitted.set(name, type);
      const group = groups.get(type);
      if (group === undefined) groups.set(type, [member]);
      else group.push(member);
    }
    this.#latest.clear();
    return [...groups].map(([type, members]) => Object.freeze({ type, members: Object.freeze(members) }));
  }
}

/**
 * Merges user events that allow it: of each name only those with the highest Lamport time are
 * emitted.
 */
export class UserCoalescer {
  readonly #hold: Hold;
  readonly #latest = new Map<string, { lamportTime: bigint; events: UserEvent[] }>();
  #count = 0;
  #full = false;

  constructor(times: CoalesceTimes) {
    this.#hold = new Hold(times);
  }

  /** When to flush; `Infinity` while nothing is held. */
  get deadline(): number {
    return this.#full ? Number.NEGATIVE_INFINITY : this.#hold.deadline;
  }

  /** Holds an event, which must have `coalesce` set. */
  add(now: number, event: UserEvent): void {
    this.#hold.added(now);
    const held = this.#latest.get(event.name);
    if (held !== undefined && event.lamportTime < held.lamportTime) return;
    if (held !== undefined && event.lamportTime === held.lamportTime) held.events.push(event);
    else {
      this.#count -= held?.events.length ?? 0;
      this.#latest.set(event.name, { lamportTime: event.lamportTime, events: [event] });
    }
    this.#count += 1;
    this.#full = this.#count >= heldUserEventsMax;
  }

  /** Returns the held events and forgets them; those of one name are in order of arrival. */
  flush(): UserEvent[] {
    this.#hold.clear();
    const events = [...this.#latest.values()].flatMap((held) => held.events);
    this.#latest.clear();
    this.#count = 0;
    this.#full = false;
    return events;
  }
}
