/**
 * Queries of this node for its users: a stream of acknowledgements and answers that ends when all
 * expected members have replied, or when the time is over.
 */

import { ReadQueue } from "../async/read_queue.ts";
import type { PayloadReader, ReceivedQueryReply } from "../core/serf/api.ts";
import type { Clock, Signal } from "../runtime.ts";
import { deliveredReply } from "./events/delivered.ts";

/** Options of {@link Serf.query} (serf `QueryParam`). */
export interface QueryOptions {
  /** Asks only the members with these names. Default: all. */
  readonly nodes?: readonly string[] | undefined;
  /**
   * Tag names to expressions (RE2 syntax, unanchored): asks only the members whose tags match all
   * of them. Default: all. An expression with a mistake ends the query: before the first reply, the
   * loop over the replies throws SerfError (ERR_OPTION) with RE2's message, or `query` does so at
   * once if the engine of expressions has been loaded, which the first expression begins.
   */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Whether members acknowledge the query. Default false. */
  readonly ack?: boolean | undefined;
  /**
   * How many copies of every reply are sent through other members, 0 to 255; for lossy networks.
   * Default 0.
   */
  readonly relayFactor?: number | undefined;
  /**
   * The time for replies in milliseconds, at most a day. Default: 16 gossip intervals times
   * ceil(log10(n + 1)), for example 3.2 s for up to 9 members in a LAN.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Whether the query runs until its time is over, even if all members have replied, as in Serf.
   * Default false.
   */
  readonly waitForDeadline?: boolean | undefined;
  /**
   * Whether wrong expressions in `tags` are refused. If not, they match no member, and every member
   * logs why, as in Serf. Default true.
   */
  readonly checkTags?: boolean | undefined;
  /**
   * Ends the query early when it is aborted. The loop over its replies then throws the signal's
   * reason, after the replies that arrived before.
   */
  readonly signal?: Signal | undefined;
}

/** What a {@link Query} calls. */
export interface QueryCalls {
  /** Ends the query early. */
  readonly cancel: () => void;
  /** Is called once, when the query is over. */
  readonly ended?: () => void;
  /** What readers wait with. */
  readonly clock?: Clock;
}

/** All replies to a query. */
export interface QueryResult {
  /** The names of the members that acknowledged the query, in the order of their replies. */
  readonly acks: readonly string[];
  /** The answers, in the order in which they arrived. */
  readonly responses: readonly ReceivedQueryReply[];
  /** See {@link Query.missing}. */
  readonly missing: readonly string[] | undefined;
}

/** A query of this node. Iterate over it to get the replies; those that arrive before are kept. */
export class Query implements AsyncIterableIterator<ReceivedQueryReply> {
  readonly #cancel: () => void;
  readonly #clock: Clock | undefined;
  readonly #done: Promise<void>;
  readonly #finish: () => void;
  readonly #replies: ReadQueue<ReceivedQueryReply>;
  #over = false;
  #missing: readonly string[] | undefined;

  /** @internal */
  constructor({ cancel, ended, clock }: QueryCalls) {
    this.#cancel = cancel;
    this.#clock = clock;
    this.#replies = new ReadQueue(cancel);
    let finish = (): void => undefined;
    this.#done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = () => {
      ended?.();
      finish();
    };
  }

  /** Resolves when the query is over. */
  get done(): Promise<void> {
    return this.#clock?.waitFor?.(this.#done) ?? this.#done;
  }

  /**
   * The members that matched the filters and were alive when the query was asked, but did not
   * reply. `undefined` until the query is over, and if the tag expressions could not be evaluated
   * in time.
   */
  get missing(): readonly string[] | undefined {
    return this.#missing;
  }

  /**
   * Waits until the query is over and returns all replies, except those that were read before.
   * Rejects as the loop over the replies throws.
   */
  async collect(): Promise<QueryResult> {
    const acks: string[] = [];
    const responses: ReceivedQueryReply[] = [];
    for await (const reply of this) {
      if (reply.type === "ack") acks.push(reply.from);
      else responses.push(reply);
    }
    return { acks, responses, missing: this.missing };
  }

  /** Adds a reply. The core limits how many there are. */
  push(reply: Omit<ReceivedQueryReply, keyof PayloadReader>): void {
    this.#replies.push(deliveredReply(reply));
  }

  /** Ends the query early: the loop over its replies throws `reason`. */
  fail(reason: unknown): void {
    this.#replies.fail(reason);
    this.#cancel();
  }

  /** Ends the query. */
  end(missing: readonly string[] | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#missing = missing;
    this.#replies.end();
    this.#finish();
  }

  /** Returns the next reply, or the end. */
  next(): Promise<IteratorResult<ReceivedQueryReply>> {
    const reply = this.#replies.next();
    return this.#clock?.waitFor?.(reply) ?? reply;
  }

  /** Ends the query early and drops the replies that were not read. */
  return(): Promise<IteratorResult<ReceivedQueryReply>> {
    return this.#replies.return();
  }

  /** @inheritdoc */
  /** The query itself: replies are read once. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
