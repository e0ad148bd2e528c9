/**
 * Puts user events in order. Lamport times are dense: each one was given to some event. So a gap in
 * front of an event means that another one is still on its way, and the event is held for a short
 * time until that one has come. Only the delivery waits: the event is passed on to other members at
 * once.
 *
 * Events of different senders may share a Lamport time. Then there may be no gap although one is
 * missing, and two events can still arrive in the wrong order.
 */

import type { UserEvent } from "../api.ts";

/** The maximum number of held events; when it is reached, all of them are delivered. */
export const heldInOrderMax = 4096;

/** A held event, and when it is delivered at the latest. */
interface Held {
  readonly event: UserEvent;
  readonly until: number;
}

/** Holds the events that are ahead of others. */
export class Sequencer {
  readonly #holdMs: number;
  /** By Lamport time, lowest first. */
  readonly #held: Held[] = [];
  /** The lowest Lamport time that has not been delivered yet. */
  #next = 1n;
  /** The earliest time until which an event is held. */
  #soonest = Number.POSITIVE_INFINITY;

  /** `holdMs` is how long an event waits for those before it. */
  constructor(holdMs: number) {
    this.#holdMs = holdMs;
  }

  /** When {@link expire} has to be called; `undefined` while nothing is held. */
  get deadline(): number | undefined {
    return this.#held.length === 0 ? undefined : this.#soonest;
  }

  /** Does not wait for events before `time`. Returns what is delivered now. */
  skipTo(time: bigint): UserEvent[] {
    if (time > this.#next) this.#next = time;
    return this.#ready();
  }

  /** Takes a new event. Returns what is delivered now, in order. */
  add(now: number, event: UserEvent): UserEvent[] {
    // An event that comes later than its hold allowed does not wait again.
    if (event.lamportTime < this.#next) return [event];
    let place = this.#held.length;
    while (place > 0 && this.#held[place - 1]!.event.lamportTime > event.lamportTime) place -= 1;
    const until = now + this.#holdMs;
    this.#held.splice(place, 0, { event, until });
    this.#soonest = Math.min(this.#soonest, until);
    return this.#held.length >= heldInOrderMax ? this.flush() : this.#ready();
  }

  /** Returns the events whose time is over, with those before them. */
  expire(now: number): UserEvent[] {
    let last: Held | undefined;
    for (const held of this.#held) if (held.until <= now) last = held;
    return last === undefined ? [] : this.skipTo(last.event.lamportTime + 1n);
  }

  /** Returns all held events, in order. */
  flush(): UserEvent[] {
    const last = this.#held.at(-1);
    return last === undefined ? [] : this.skipTo(last.event.lamportTime + 1n);
  }

  /** Takes the events that wait for nothing. */
  #ready(): UserEvent[] {
    let count = 0;
    for (const { event } of this.#held) {
      if (event.lamportTime > this.#next) break;
      if (event.lamportTime === this.#next) this.#next += 1n;
      count += 1;
    }
    const ready = this.#held.splice(0, count);
    // Most are delivered at once, and were not held for longest.
    if (ready.some(({ until }) => until === this.#soonest)) {
      this.#soonest = this.#held.reduce(
        (soonest, { until }) => Math.min(soonest, until),
        Number.POSITIVE_INFINITY,
      );
    }
    return ready.map(({ event }) => event);
  }
}
