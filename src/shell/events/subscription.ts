/**
 * Delivers events to consumers. Every subscriber has a bounded queue of its own, so that a slow one
 * does not slow the protocol or other subscribers. If the queue is full, the oldest event is
 * dropped, and an event in its place reports the gap.
 */

import { ReadQueue } from "../../async/read_queue.ts";
import type { Signal } from "../../runtime.ts";

/** A notice to a consumer that did not keep up: `count` events were dropped at this point. */
export interface LaggedEvent {
  /** Distinguishes it from other events. */
  readonly type: "lagged";
  /** How many events were dropped. */
  readonly count: number;
}

/** The last event of a node: it has stopped, and its iterators end. */
export interface StoppedEvent {
  /** Distinguishes it from other events. */
  readonly type: "stopped";
  /** Why: `shutdown`, or `name conflict` if another member has the name of this node. */
  readonly reason: string;
}

/** What one subscriber gets, and for how long. */
export interface SubscriberOptions<Event> {
  /** Ends the subscription when it is aborted. */
  readonly signal?: Signal | undefined;
  /** How many events are kept for a slow consumer; older ones are dropped. Default 1024. */
  readonly capacity?: number | undefined;
  /** Whether the subscriber gets an event. Default: all. */
  readonly wants?: ((event: Event) => boolean) | undefined;
  /**
   * What it gets of the events before the first subscription: it takes them if nobody has done so,
   * or reads them and leaves them there, or gets none. Default `take`.
   */
  readonly early?: "take" | "read" | "none" | undefined;
  /** Called instead of a `lagged` event, with the number of events that were dropped. */
  readonly lagged?: ((count: number) => void) | undefined;
}

const defaultCapacity = 1024;

/** The iterator of one subscriber. */
export class Subscription<Event> implements AsyncIterableIterator<Event | LaggedEvent> {
  readonly #options: SubscriberOptions<Event>;
  readonly #capacity: number;
  readonly #closed: (subscription: Subscription<Event>) => void;
  readonly #queue = new ReadQueue<Event>();
  #lost = 0;
  #open = true;

  /** `closed` is called when the subscription ends. */
  constructor(options: SubscriberOptions<Event>, closed: (subscription: Subscription<Event>) => void) {
    this.#options = options;
    this.#capacity = options.capacity ?? defaultCapacity;
    this.#closed = closed;
  }

  /** Adds an event, if the subscriber wants it. */
  push(event: Event): void {
    if (!this.#open || this.#options.wants?.(event) === false) return;
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
    const count = this.#lost;
    this.#lost = 0;
    if (count === 0) return this.#queue.next();
    const { lagged } = this.#options;
    if (lagged === undefined) return Promise.resolve({ done: false, value: { type: "lagged", count } });
    lagged(count);
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
  subscribe(options: SubscriberOptions<Event>): Subscription<Event> {
    const { signal, early = "take" } = options;
    const abort = (): void => subscription.end();
    const subscription = new Subscription<Event>(options, (closed) => {
      this.#open.delete(closed);
      signal?.removeEventListener("abort", abort);
    });
    if (early !== "none") for (const event of this.#early ?? []) subscription.push(event);
    if (early === "take") this.#early = undefined;
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
