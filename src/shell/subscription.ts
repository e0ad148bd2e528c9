/**
 * Delivery to consumers: every subscriber has a bounded queue of its own, so that a slow one never slows the protocol or another
 * subscriber. What does not fit is dropped, oldest first, and the gap is reported in its place.
 */

import { ReadQueue } from "../async/read_queue.ts";

/** How events are delivered. */
export interface EventsOptions {
  /** Ends the iterator. */
  readonly signal?: AbortSignal;
  /** Events kept for a slow consumer; older ones are dropped and counted. Default 1024. */
  readonly capacity?: number;
}

/** A consumer that did not keep up: `count` events were dropped before this point. */
export interface LaggedEvent {
  readonly type: "lagged";
  readonly count: number;
}

/** One subscriber's view of a stream of events. */
export class Subscription<Event> implements AsyncIterableIterator<Event | LaggedEvent> {
  readonly #capacity: number;
  readonly #closed: (subscription: Subscription<Event>) => void;
  readonly #queue = new ReadQueue<Event>();
  #lost = 0;
  #open = true;

  /** Keeps at most `capacity` events; `closed` is told when the consumer stops. */
  constructor(capacity: number, closed: (subscription: Subscription<Event>) => void) {
    this.#capacity = capacity;
    this.#closed = closed;
  }

  /** Hands over one event. */
  push(event: Event): void {
    if (!this.#open) return;
    if (!this.#queue.reading && this.#queue.size === this.#capacity) {
      this.#queue.shift();
      this.#lost += 1;
    }
    this.#queue.push(event);
  }

  /** Ends the stream after what is queued. */
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

  /** Stops the subscription and drops what is queued. */
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

/** All subscribers of one node. */
export class Subscribers<Event> {
  readonly #open = new Set<Subscription<Event>>();
  /** What happened before anybody listened, for the first who does. */
  #early: Event[] | undefined = [];

  /** Hands an event to everybody. */
  push(event: Event): void {
    if (this.#early !== undefined && this.#early.length < defaultCapacity) this.#early.push(event);
    for (const subscription of this.#open) subscription.push(event);
  }

  /** A new subscription; one that is made after {@link end} ends at once. */
  subscribe({ signal, capacity = defaultCapacity }: EventsOptions, ended: boolean): Subscription<Event> {
    const subscription = new Subscription<Event>(capacity, (closed) => this.#open.delete(closed));
    for (const event of this.#early ?? []) subscription.push(event);
    this.#early = undefined;
    if (ended || signal?.aborted === true) subscription.end();
    else this.#open.add(subscription);
    signal?.addEventListener("abort", () => subscription.end(), { once: true });
    return subscription;
  }

  /** Ends every subscription after what is queued for it. */
  end(): void {
    for (const subscription of [...this.#open]) subscription.end();
  }
}
