/**
 * Whoever watches one node: subscribers to its events, functions that answer its queries, and calls
 * that wait until its members are as they want.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { Member, ReceivedEvent } from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import type { Cancel, Clock, Signal } from "../../runtime.ts";
import type { LogLine } from "../options/log.ts";
import { Answers } from "./answers.ts";
import { type EventsOptions, type NodeEvent, selection, wantsLagged } from "./selection.ts";
import { type StoppedEvent, Subscribers } from "./subscription.ts";

/** What is used of a node. */
export interface WatchedNode {
  readonly log: (level: LogLevel, text: string) => void;
  readonly members: () => readonly Member[];
}

/** What a call waits for. */
export interface AwaitedMembers {
  readonly matches: (members: readonly Member[]) => boolean;
  readonly signal: Signal | undefined;
  readonly timeoutMs: number | undefined;
}

/** The watchers of one node. */
export class Watch {
  readonly clock: Clock;
  readonly log: (level: LogLevel, text: string) => void;
  readonly answers: Answers;
  /** What an iterator over events is read through; for simulations of slow readers. */
  through: <Event extends NodeEvent>(events: AsyncIterableIterator<Event>) => AsyncIterableIterator<Event> = (
    events,
  ) => events;
  readonly #members: () => readonly Member[];
  readonly #subscribers = new Subscribers<ReceivedEvent | StoppedEvent>();
  /** The calls that wait: each looks at the members, or rejects if the node has stopped. */
  readonly #waiting = new Set<(end?: SerfError) => void>();
  readonly #followers = new Set<(line: LogLine) => void>();
  #looking = false;
  #end: SerfError | undefined;

  constructor(clock: Clock, { log, members }: WatchedNode) {
    this.clock = clock;
    this.log = log;
    this.answers = new Answers(clock, log);
    this.#members = members;
  }

  /** Delivers an event. */
  push(event: ReceivedEvent): void {
    this.#subscribers.push(event);
  }

  /** Passes a line of the log to those who follow it. */
  line(line: LogLine): void {
    for (const follow of this.#followers) {
      try {
        follow(line);
      } catch {
        // To log this would call the same function again.
      }
    }
  }

  /** Calls `follow` with every line from now on, until the result is called. */
  followLog(follow: (line: LogLine) => void): Cancel {
    // The same function may follow twice.
    const follower = (line: LogLine): void => follow(line);
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Called after every input: members may have changed. */
  changed(): void {
    if (this.#waiting.size === 0 || this.#looking) return;
    // With many packets in one turn it is enough to look once.
    if (this.clock.soon === undefined) {
      this.#look();
      return;
    }
    this.#looking = true;
    this.clock.soon(() => this.#look());
  }

  /** Ends everything, because the node stops. */
  end(reason: string, end: SerfError): void {
    this.#end = end;
    this.#subscribers.end(Object.freeze({ type: "stopped", reason }));
    this.answers.end(end);
    for (const look of [...this.#waiting]) look(end);
  }

  /** Returns an iterator over events; see {@link Serf.events}. Throws SerfError (ERR_OPTION). */
  read(options: EventsOptions, early: "take" | "read" | "none"): AsyncIterableIterator<NodeEvent> {
    const wants = selection(options);
    const { signal, capacity } = options;
    const lagged = (count: number): void =>
      this.log("WARN", `${count} events were dropped, because a consumer of events did not keep up`);
    const notice = wantsLagged(options) ? undefined : lagged;
    return this.through(this.#subscribers.subscribe({ signal, capacity, wants, early, lagged: notice }));
  }

  /**
   * Returns the members as soon as they match. Rejects with what `matches` throws, the reason of
   * the signal, and SerfError: ERR_TIMEOUT, or the error of {@link end}.
   */
  async members({ matches, signal, timeoutMs }: AwaitedMembers): Promise<readonly Member[]> {
    signal?.throwIfAborted();
    let settle = (): void => undefined;
    const matched = new Promise<readonly Member[]>((resolve, reject) => {
      const abort = (): void => reject(signal?.reason);
      const look = (end?: SerfError): void => {
        try {
          const members = this.#members();
          if (matches(members)) resolve(members);
          else if (end !== undefined) reject(end);
        } catch (error) {
          reject(error);
        }
      };
      const late = `Cannot wait for members any longer: they did not match within ${timeoutMs} ms`;
      const cancel =
        timeoutMs === undefined
          ? undefined
          : this.clock.after(timeoutMs, () => reject(new SerfError("ERR_TIMEOUT", late)));
      settle = () => {
        cancel?.();
        signal?.removeEventListener("abort", abort);
        this.#waiting.delete(look);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.add(look);
      look(this.#end);
    });
    try {
      return await (this.clock.waitFor?.(matched) ?? matched);
    } finally {
      settle();
    }
  }

  #look(): void {
    this.#looking = false;
    for (const look of [...this.#waiting]) look();
  }
}
