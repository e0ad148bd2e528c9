/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The ways to follow what a node reports: iterators, listeners, functions that answer queries, and
 * calls that wait for an event or for members.
 */

import { untilAborted } from "../../async/until_aborted.ts";
import type { Member, ReceivedQueryEvent, ReceivedUserEvent } from "../../core/serf/api.ts";
import { messageOf, SerfError } from "../../errors.ts";
import type { Signal } from "../../runtime.ts";
import { checkArgument, checkOptions, kinds } from "../options/arguments.ts";
import type { LogLine } from "../options/log.ts";
import { checkTime } from "../options/times.ts";
import type { AnswerFunction } from "./answers.ts";
import {
  type EventOf,
  type EventsOptions,
  eventKinds,
  type ListenerOptions,
  type NodeEvent,
  type NodeEventType,
} from "./selection.ts";
import type { LaggedEvent, StoppedEvent } from "./subscription.ts";
import type { Watch } from "./watch.ts";

/** Options of {@link NodeEvents.waitFor}. */
export interface WaitOptions {
  /** Rejects the wait with its reason when it is aborted. */
  readonly signal?: Signal | undefined;
  /** Rejects the wait with SerfError (ERR_TIMEOUT) after this time. Default: no limit. */
  readonly timeoutMs?: number | undefined;
}

/** What a node reports, and the ways to follow it. The class `Serf` has all of them. */
export abstract class NodeEvents {
  readonly #watch: Watch;

  /** `watch` is unknown, because it is no part of the public types. */
  protected constructor(watch: unknown) {
    this.#watch = watch as Watch;
  }

  /** Lets iterators and listeners of a node read through another iterator. For simulations. */
  protected static readThrough(
    node: NodeEvents,
    through: <Event extends NodeEvent>(events: AsyncIterableIterator<Event>) => AsyncIterableIterator<Event>,
  ): void {
    node.#watch.through = through;
  }

  /** Returns an iterator over the events of some types; see the last form. */
  events<const Type extends NodeEventType>(
    options: EventsOptions<Type> & { readonly types: readonly Type[] },
  ): AsyncIterableIterator<EventOf<Type>>;
  /** Returns an iterator over the user events and queries of a name; see the last form. */
  events(
    options: EventsOptions & { readonly name: string; readonly types?: undefined },
  ): AsyncIterableIterator<ReceivedUserEvent | ReceivedQueryEvent | LaggedEvent | StoppedEvent>;
  /**
   * Returns an iterator over the events from now on, all or those that `types` and `name` select.
   * The first one also gets the events from before, such as this node's own join, unless `early` is
   * false. If a consumer
   * falls behind, its oldest events are dropped and it gets a `lagged` event in their place. When
   * the node stops, by a shutdown or by itself, the last event is `stopped` and has the reason.
   * Throws SerfError (ERR_OPTION) if an option is malformed.
   */
  events(options?: EventsOptions): AsyncIterableIterator<NodeEvent>;
  events(options: EventsOptions = {}): AsyncIterableIterator<NodeEvent> {
    return this.#watch.read(options, options.early === false ? "none" : "take");
  }

  /**
   * Calls a function with every event of a type from now on, until the result is disposed of, the
   * signal is aborted or the node stops. What the function throws, or its promise rejects with, is
   * logged; it gets the next event without waiting for the promise. Throws SerfError (ERR_OPTION) if
   * an argument is malformed.
   */
  on<Type extends NodeEventType>(
    type: Type,
    listener: (event: EventOf<Type>) => unknown,
    options: ListenerOptions = {},
  ): Disposable {
    checkArgument("listen to events", "type", eventKinds.type, type);
    checkArgument("listen to events", "listener", kinds.call, listener);
    checkOptions("listen to events", eventKinds.listener, options);
    const events = this.#from(type, options);
    let open = true;
    const fail = (error: unknown): void =>
      this.#watch.log("ERR", `A listener to "${type}" events failed: ${messageOf(error)}`);
    const call = async (event: EventOf<Type>): Promise<void> => void (await listener(event));
    void (async () => {
      for await (const event of events) if (open) call(event).catch(fail);
    })();
    return {
      [Symbol.dispose]: () => {
        open = false;
        void events.return?.();
      },
    };
  }

  /**
   * Waits for the next event of a type. Rejects with the reason of the signal, and with SerfError:
   * ERR_STATE if the node stops first, and ERR_OPTION if an argument is malformed.
   */
  async once<Type extends NodeEventType>(type: Type, options: ListenerOptions = {}): Promise<EventOf<Type>> {
    checkArgument("wait for an event", "type", eventKinds.type, type);
    checkOptions("wait for an event", eventKinds.listener, options);
    const { signal, name } = options;
    signal?.throwIfAborted();
    const events = this.#from(type, { name });
    try {
      const next = events.next();
      const { clock } = this.#watch;
      const { done, value } = await untilAborted(signal, clock.waitFor?.(next) ?? next);
      if (done !== true) return value;
      throw new SerfError("ERR_STATE", `Cannot wait for a "${type}" event: the node has stopped`);
    } finally {
      await events.return?.();
    }
  }

  /**
   * Answers the queries of a name, those that arrived before the first reader of events included,
   * until the result is disposed of, the signal is aborted or the node stops. What the function
   * returns is sent: text, bytes, or nothing for `undefined`. If it throws, or is not done by the
   * deadline of the query, nothing is sent and the node logs why. Up to 64 queries are answered at
   * the same time. Throws SerfError: ERR_STATE if a function answers that name already, and
   * ERR_OPTION if an argument is malformed.
   */
  answer(
    name: string,
    answer: AnswerFunction,
    options: { readonly signal?: Signal | undefined } = {},
  ): Disposable {
    const action = "answer queries";
    checkArgument(action, "name", kinds.text, name);
    checkArgument(action, "answer", kinds.call, answer);
    checkOptions(action, { signal: kinds.signal }, options);
    const { answers } = this.#watch;
    answers.claim(name);
    const queries = this.#from("query", { name, signal: options.signal }, "read");
    let claimed = true;
    const release = (): void => {
      if (claimed) answers.release(name);
      claimed = false;
    };
    void answers.serve(queries, answer).then(release);
    return {
      [Symbol.dispose]: () => {
        release();
        void queries.return?.();
      },
    };
  }

  /**
   * Waits until the members, in every status, are as a function wants, and returns them; it is
   * called now and after every change. Rejects with what it throws, with the reason of the signal,
   * and with SerfError: ERR_TIMEOUT if the time is over, ERR_STATE if the node stops first, and
   * ERR_OPTION if an argument is malformed.
   */
  async waitFor(
    matches: (members: readonly Member[]) => boolean,
    options: WaitOptions = {},
  ): Promise<readonly Member[]> {
    const action = "wait for members";
    checkArgument(action, "matches", kinds.call, matches);
    checkOptions(action, { signal: kinds.signal, timeoutMs: kinds.number }, options);
    const { signal, timeoutMs } = options;
    if (timeoutMs !== undefined) checkTime("timeoutMs", timeoutMs, 0);
    return await this.#watch.members({ matches, signal, timeoutMs });
  }

  /**
   * Calls a function with every line of the log from now on, of every level and whatever the option
   * `log` says, until the result is disposed of. It is called synchronously; what it throws is
   * dropped.
   */
  onLog(follow: (line: LogLine) => void): Disposable {
    checkArgument("follow the log", "follow", kinds.call, follow);
    const cancel = this.#watch.followLog(follow);
    return { [Symbol.dispose]: cancel };
  }

  /** The events of one type. The early ones stay for the first iterator. */
  #from<Type extends NodeEventType>(
    type: Type,
    { name, signal }: ListenerOptions,
    early: "read" | "none" = "none",
  ): AsyncIterableIterator<EventOf<Type>> {
    const events = this.#watch.read({ types: [type], name, signal }, early);
    return events as AsyncIterableIterator<EventOf<Type>>;
  }
}
