/**
 * Delivers events to consumers. Every subscriber has a bounded queue of its own, so that a slow one
 * does not slow the protocol or other subscribers. If the queue is full, the oldest event is
 * dropped, and an event in its place reports the gap.
 */

import { ReadQueue } from "../../async/read_queue.ts";
import type { Signal } from "../../runtime.ts";
import { checkOptions, kinds } from "../options/arguments.ts";

/** Options of {@link Serf.events}. */
export interface EventsOptions {
  /** Ends the iterator when it is aborted, without a `stopped` event. */
  readonly signal?: Signal | undefined;
  /** How many events are kept for a slow consumer; older ones are dropped. Default 1024. */
  readonly capacity?: number | undefined;
}

/** A notice to a consumer that did not keep up: `count` events were dropped at this point. */
export interface LaggedEvent {
  readonly type: "lagged";
  readonly count: number;
}

/** The last event of a node: it has stopped, and its iterators end. */
export interface StoppedEvent {
  readonly type: "stopped";
  /** Why: `shutdown`, or `name conflict` if another member has the name of this node. */
  readonly reason: string;
}

/** The iterator of one subscriber. */
export class Subscription<Event> implements AsyncIterableIterator<Event | LaggedEvent> {
  readonly #capacity: number;
  readonly #closed: (subscription: Subscription<Event>) => void;
  readonly #queue = new ReadQueue<Event>();
  #lost = 0;
  #open = true;

  /** Keeps at most `capacity` events. `closed` is called when the subscription ends. */
  constructor(capacity: number, closed: (subscription: Subscription<Event>) => void) {
    this.#capacity = capacity;
    this.#closed = closed;
  }

  /** Adds an event. */
  push(event: Event): void {
    if (!this.#open) return;
    if (!this.#queue.reading && this.#queue.size === this.#capacity) {
      this.#queue.shift();
      this.#lost += 1;
    }
    this.#queue.push(event);
  }

  /** Ends the iterator after the queued events. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closed(this);
    this.#queue.end();
  }

  /** @inheritdoc */
  next(): Promise<IteratorResult<Event | LaggedEvent>> {
    if (this.#lost > 0) {
      const count = this.#lost;
      this.#lost = 0;
      return Promise.resolve({ done: false, value: { type: "lagged", count } });
    }
    return this.#queue.next();
  }

  /** Ends the iterator and drops the queued events. */
  return(): Promise<IteratorResult<Event | LaggedEvent>> {
    const left = this.#queue.return();
    this.end();
    return left;
  }

  /** @inheritdoc */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

const defaultCapacity = 1024;

/** The subscribers of one node. */
export class Subscribers<Event> {
  readonly #open = new Set<Subscription<Event>>();
  /** The events before the first subscription, which gets them; `undefined` afterwards. */
  #early: Event[] | undefined = [];
  /** The last event, once there are no others. */
  #last: { readonly event: Event } | undefined;

  /** Delivers an event to all subscribers. */
  push(event: Event): void {
    if (this.#early !== undefined && this.#early.length < defaultCapacity) this.#early.push(event);
    for (const subscription of this.#open) subscription.push(event);
  }

  /** Returns a new subscription. After {@link end} it gets the last event and ends. */
  subscribe(options: EventsOptions): Subscription<Event> {
    checkOptions("read events", { signal: kinds.signal, capacity: kinds.count }, options);
    const { signal, capacity = defaultCapacity } = options;
    const abort = (): void => subscription.end();
    const subscription = new Subscription<Event>(capacity, (closed) => {
      this.#open.delete(closed);
      signal?.removeEventListener("abort", abort);
    });
    for (const event of this.#early ?? []) subscription.push(event);
    this.#early = undefined;
    if (signal?.aborted === true) {
      subscription.end();
    } else if (this.#last !== undefined) {
      subscription.push(this.#last.event);
      subscription.end();
    } else {
      this.#open.add(subscription);
      signal?.addEventListener("abort", abort, { once: true });
    }
    return subscription;
  }

  /** Ends all subscriptions, these and later ones, after their queued events and `last`. */
  end(last: Event): void {
    this.#last = { event: last };
    for (const subscription of [...this.#open]) {
      subscription.push(last);
      subscription.end();
    }
  }
}
