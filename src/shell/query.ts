/**
 * Queries as their asker holds them: a stream of acknowledgements and answers that ends when everybody who can answer has, or when the
 * time is over.
 */

import { ReadQueue } from "../async/read_queue.ts";
import type { QueryReply } from "../core/serf/api.ts";
import type { QueryEndEffect, ReplyEffect } from "../core/serf/effects.ts";
import type { Question } from "../core/serf/queries/asker.ts";
import type { SerfCore } from "../core/serf/serf_core.ts";
import { SerfError } from "../errors.ts";

export type { QueryReply } from "../core/serf/api.ts";

/** How a query is asked. */
export interface QueryOptions {
  /** Only members with these names. */
  readonly nodes?: readonly string[];
  /** Only members whose tag has a match of the expression (RE2 syntax, unanchored); all of them have to match. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Ask members to acknowledge the query. Default false. */
  readonly ack?: boolean;
  /** Members that pass on a copy of every reply, 0 to 255, for lossy networks. Default 0. */
  readonly relayFactor?: number;
  /** Time for replies; default 16 gossip intervals times the decimal digits of the cluster's size. */
  readonly timeoutMs?: number;
  /** Wait for the whole time although everybody has replied, as Serf does. Default false. */
  readonly waitForDeadline?: boolean;
  /** Ends the query early. */
  readonly signal?: AbortSignal;
}

/** A query that was asked. Iterate over it to get replies; what arrives earlier is kept. */
export class Query implements AsyncIterableIterator<QueryReply> {
  /** Settles when the query is over. */
  readonly done: Promise<void>;
  readonly #finish: () => void;
  readonly #replies: ReadQueue<QueryReply>;
  #over = false;
  #missing: readonly string[] | undefined;

  /** `cancel` ends the query early. */
  constructor(cancel: () => void) {
    this.#replies = new ReadQueue(cancel);
    let finish = (): void => undefined;
    this.done = new Promise((resolve) => {
      finish = resolve;
    });
    this.#finish = finish;
  }

  /**
   * Members that were alive and meant when the query was asked and did not reply, once it is over; `undefined` before, and when tag
   * expressions could not be evaluated in time.
   */
  get missing(): readonly string[] | undefined {
    return this.#missing;
  }

  /** Hands over one reply. The core bounds how many there are. */
  push(reply: QueryReply): void {
    this.#replies.push(reply);
  }

  /** The query is over. */
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

  /** Ends the query early and drops what was not read. */
  return(): Promise<IteratorResult<QueryReply>> {
    return this.#replies.return();
  }

  /** @inheritdoc */
  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Feeds one input to the core of a running node; ERR_STATE when it was shut down. */
export type Act = <Result>(input: (core: SerfCore, now: number) => Result) => Result;

/** The queries that one node asked and that are not over. */
export class AskedQueries {
  readonly #act: Act;
  readonly #running = new Map<number, Query>();
  #count = 0;

  constructor(act: Act) {
    this.#act = act;
  }

  /** Asks a query. ERR_OPTION, ERR_LIMIT, ERR_STATE; then nothing happened. */
  ask(name: string, payload: Uint8Array, options: QueryOptions): Query {
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
    options.signal?.addEventListener("abort", cancel, { once: true });
    void query.done.then(() => options.signal?.removeEventListener("abort", cancel));
    return query;
  }

  /** Hands a reply, or the end, to its query. */
  perform(effect: ReplyEffect | QueryEndEffect): void {
    const query = this.#running.get(effect.query);
    if (effect.kind === "reply") {
      query?.push(Object.freeze({ type: effect.type, from: effect.from, payload: effect.payload }));
      return;
    }
    this.#running.delete(effect.query);
    query?.end(effect.missing);
  }

  /** The node stops: every query is over. */
  close(): void {
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const query of running) query.end(undefined);
  }
}

const relayFactorMax = 255;
const timeoutMsMax = 86_400_000;

function parseQuestion(name: string, payload: Uint8Array, options: QueryOptions): Question {
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
    payload: payload.slice(),
    nodes: [...(options.nodes ?? [])],
    tags: new Map(Object.entries(options.tags ?? {})),
    ack: options.ack ?? false,
    relayFactor,
    timeoutMs: Math.ceil(timeoutMs),
    waitForDeadline: options.waitForDeadline ?? false,
  };
}
