/**
 * Merges bursts of events: held ones are let go after a quiet time, or at the latest some time after the first. Spec:
 * serf.md, section 17. Pure: the host passes the time and calls {@link MemberCoalescer.flush} when the deadline is reached.
 *
 * Two things differ from the original on purpose. What was flushed is forgotten: the original repeats a member-update with every later
 * flush until another event of that member replaces it. And a member that was held with different events is always said: one that failed
 * and returned was seen as failed meanwhile, and may have another address now, but the original says nothing of it.
 */

import type { Member, MemberEvent, MemberEventType, UserEvent } from "../api.ts";

/** How long events are held. */
export interface CoalesceTimes {
  /** Held events go out when nothing new came for this long. */
  readonly quietMs: number;
  /** Held events go out this long after the first of them, quiet or not. */
  readonly periodMs: number;
}

/** What Serf's agent uses for members and for user events. */
export const agentCoalesceTimes: CoalesceTimes = { quietMs: 1000, periodMs: 3000 };

/** User events that are held at most; the next one lets all of them go. */
export const heldUserEventsMax = 4096;

/** The two timers of a coalescer as one deadline. */
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

  absorbed(now: number): void {
    if (this.#end === Number.POSITIVE_INFINITY) this.#end = now + this.#times.periodMs;
    this.#quiet = now + this.#times.quietMs;
  }

  clear(): void {
    this.#end = Number.POSITIVE_INFINITY;
    this.#quiet = Number.POSITIVE_INFINITY;
  }
}

/** The last event of a member, and whether others came before it that were not the same. */
interface HeldEvent {
  readonly type: MemberEventType;
  readonly member: Member;
  readonly mixed: boolean;
}

/** Merges member events: of each member only the last counts, and what was said last is not said again unless something else was between. */
export class MemberCoalescer {
  readonly #hold: Hold;
  readonly #latest = new Map<string, HeldEvent>();
  readonly #emitted = new Map<string, MemberEventType>();

  constructor(times: CoalesceTimes) {
    this.#hold = new Hold(times);
  }

  /** When to flush; infinity while nothing is held. */
  get deadline(): number {
    return this.#hold.deadline;
  }

  /** Takes an event in. */
  add(now: number, event: MemberEvent): void {
    const { type } = event;
    for (const member of event.members) {
      const held = this.#latest.get(member.name);
      const mixed = held !== undefined && (held.mixed || held.type !== type);
      this.#latest.set(member.name, { type, member, mixed });
    }
    this.#hold.absorbed(now);
  }

  /** Lets go of what is held: one event for each type that occurred. An update is always news. */
  flush(): MemberEvent[] {
    this.#hold.clear();
    const groups = new Map<MemberEventType, Member[]>();
    for (const [name, { type, member, mixed }] of this.#latest) {
      if (this.#emitted.get(name) === type && type !== "member-update" && !mixed) continue;
      // A reaped member is unknown from now on; to remember it would let names pile up for ever.
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

/** Merges user events that allow it: of each name only the newest Lamport time counts. */
export class UserCoalescer {
  readonly #hold: Hold;
  readonly #latest = new Map<string, { lamportTime: bigint; events: UserEvent[] }>();
  #count = 0;
  #full = false;

  constructor(times: CoalesceTimes) {
    this.#hold = new Hold(times);
  }

  /** When to flush; infinity while nothing is held. */
  get deadline(): number {
    return this.#full ? Number.NEGATIVE_INFINITY : this.#hold.deadline;
  }

  /** Takes an event in; it must have `coalesce` set. */
  add(now: number, event: UserEvent): void {
    this.#hold.absorbed(now);
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

  /** Lets go of what is held, in order of arrival within a name. */
  flush(): UserEvent[] {
    this.#hold.clear();
    const events = [...this.#latest.values()].flatMap((held) => held.events);
    this.#latest.clear();
    this.#count = 0;
    this.#full = false;
    return events;
  }
}
