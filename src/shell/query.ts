/**
 * Queries of this node for its users: a stream of acknowledgements and answers that ends when all
 * expected members have replied, or when the time is over.
 */

import { ReadQueue } from "../async/read_queue.ts";
import type { QueryReply } from "../core/serf/api.ts";
import type { QueryEndEffect, ReplyEffect } from "../core/serf/effects.ts";
import type { Question } from "../core/serf/queries/asker.ts";
import type { SerfCore } from "../core/serf/serf_core.ts";
import { SerfError } from "../errors.ts";
import { checkArgument, checkOptions, kinds, type OptionTable, payloadBytes } from "./arguments.ts";

export type { QueryReply } from "../core/serf/api.ts";

/** Options of {@link Serf.query} (serf `QueryParam`). */
export interface QueryOptions {
  /** Asks only the members with these names. Default: all. */
  readonly nodes?: readonly string[];
  /**
   * Tag names to expressions (RE2 syntax, unanchored): asks only the members whose tags match all
   * of them. Default: all.
   */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether members acknowledge the query. Default false. */
  readonly ack?: boolean;
  /**
   * How many copies of every reply are sent through other members, 0 to 255; for lossy networks.
   * Default 0.
   */
  readonly relayFactor?: number;
  /**
   * The time for replies in milliseconds, at most a day. Default: 16 gossip intervals times
   * ceil(log10(n + 1)), for example 3.2 s for up to 9 members in a LAN.
   */
  readonly timeoutMs?: number;
  /**
   * Whether the query runs until its time is over, even if all members have replied, as in Serf.
   * Default false.
   */
  readonly waitForDeadline?: boolean;
  /**
   * Ends the query early when it is aborted. The loop over its replies then throws the signal's
   * reason, after the replies that arrived before.
   */
  readonly signal?: AbortSignal;
}

/** A query of this node. Iterate over it to get the replies; those that arrive before are kept. */
export class Query implements AsyncIterableIterator<QueryReply> {
  /** Resolves when the query is over. */
  readonly done: Promise<void>;
  readonly #cancel: () => void;
  readonly #finish: () => void;
  readonly #replies: ReadQueue<QueryReply>;
  #over = false;
  #missing: readonly string[] | undefined;

  /** `cancel` ends the query early. */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
    this.#replies = new ReadQueue(cancel);
    let finish = (): void => undefined;
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  /**
   * The members that matched the filters and were alive when the query was asked, but did not
   * reply. `undefined` until the query is over, and if the tag expressions could not be evaluated
   * in time.
   */
  get missing(): readonly string[] | undefined {
    return this.#missing;
  }

  /** Adds a reply. The core limits how many there are. */
  push(reply: QueryReply): void {
    this.#replies.push(reply);
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

  /** @inheritdoc */
  next(): Promise<IteratorResult<QueryReply>> {
    return this.#replies.next();
  }

  /** Ends the query early and drops the replies that were not read. */
  return(): Promise<IteratorResult<QueryReply>> {
    return this.#replies.return();
  }

  /** @inheritdoc */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Passes one input to the core. Throws SerfError (ERR_STATE) if the node was shut down. */
export type Act = <Result>(input: (core: SerfCore, now: number) => Result) => Result;

/** The running queries of one node. */
export class AskedQueries {
  readonly #act: Act;
  readonly #running = new Map<number, Query>();
  #count = 0;

  constructor(act: Act) {
    this.#act = act;
  }

  /** Asks a query. Throws SerfError (ERR_OPTION, ERR_LIMIT, ERR_STATE); then nothing happened. */
  ask(name: string, payload: Uint8Array | string, options: QueryOptions): Query {
    checkArgument(action, "name", kinds.text, name);
    checkOptions(action, optionKinds, options);
    options.signal?.throwIfAborted();
    const question = parseQuestion(name, payload, options);
    const number = ++this.#count;
    const cancel = (): void => {
      if (this.#running.has(number)) this.#act((core, now) => core.queries.end(now, number));
    };
    const query = new Query(cancel);
    this.#running.set(number, query);
    try {
      this.#act((core, now) => core.queries.ask(now, number, question));
    } catch (error) {
      this.#running.delete(number);
      throw error;
    }
    const { signal } = options;
    const abort = (): void => query.fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    void query.done.then(() => signal?.removeEventListener("abort", abort));
    return query;
  }

  /** Passes a reply, or the end, to its query. */
  perform(effect: ReplyEffect | QueryEndEffect): void {
    const query = this.#running.get(effect.query);
    if (effect.kind === "reply") {
      query?.push(Object.freeze({ type: effect.type, from: effect.from, payload: effect.payload }));
      return;
    }
    this.#running.delete(effect.query);
    query?.end(effect.missing);
  }

  /** Ends all queries, because the node stops. */
  close(): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const query of running) query.end(undefined);
  }
}

const relayFactorMax = 255;
const timeoutMsMax = 86_400_000;

const action = "ask a query";

const optionKinds: OptionTable<QueryOptions> = {
  nodes: kinds.texts,
  tags: kinds.textMap,
  ack: kinds.flag,
  relayFactor: kinds.number,
  timeoutMs: kinds.number,
  waitForDeadline: kinds.flag,
  signal: kinds.signal,
};

function parseQuestion(name: string, payload: Uint8Array | string, options: QueryOptions): Question {
  const relayFactor = options.relayFactor ?? 0;
  if (!Number.isInteger(relayFactor) || relayFactor < 0 || relayFactor > relayFactorMax) {
    throw new SerfError("ERR_OPTION", `relayFactor must be an integer in 0..255, got ${relayFactor}`);
  }
  const timeoutMs = options.timeoutMs ?? 0;
  if (!(timeoutMs >= 0 && timeoutMs <= timeoutMsMax)) {
    throw new SerfError("ERR_OPTION", `timeoutMs must be in 0..${timeoutMsMax}, got ${timeoutMs}`);
  }
  return {
    name,
    payload: payloadBytes(action, payload),
    nodes: [...(options.nodes ?? [])],
    tags: new Map(Object.entries(options.tags ?? {})),
    ack: options.ack ?? false,
    relayFactor,
    timeoutMs: Math.ceil(timeoutMs),
    waitForDeadline: options.waitForDeadline ?? false,
  };
}
