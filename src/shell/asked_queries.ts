/**
 * The running queries of one node: checks what programs ask, passes it to the core, and passes
 * replies to the queries.
 */

import type { QueryEndEffect, ReplyEffect } from "../core/serf/effects.ts";
import type { Question } from "../core/serf/queries/asker.ts";
import { expressionsFault } from "../core/serf/queries/filters.ts";
import type { SerfCore } from "../core/serf/serf_core.ts";
import { SerfError } from "../errors.ts";
import type { Clock } from "../runtime.ts";
import { checkArgument, checkOptions, kinds, type OptionTable, payloadBytes } from "./options/arguments.ts";
import { Query, type QueryOptions } from "./query.ts";
import type { PatternEngine } from "./regexp.ts";

/** Passes one input to the core. Throws SerfError (ERR_STATE) if the node was shut down. */
export type Act = <Result>(input: (core: SerfCore, now: number) => Result) => Result;

/** The running queries of one node. */
export class AskedQueries {
  readonly #clock: Clock;
  readonly #act: Act;
  readonly #patterns: PatternEngine;
  readonly #running = new Map<number, Query>();
  #count = 0;

  constructor(clock: Clock, act: Act, patterns: PatternEngine) {
    this.#clock = clock;
    this.#act = act;
    this.#patterns = patterns;
  }

  /** Asks a query. Throws SerfError (ERR_OPTION, ERR_LIMIT, ERR_STATE); then nothing happened. */
  ask(name: string, payload: Uint8Array | string, options: QueryOptions): Query {
    checkArgument(action, "name", kinds.text, name);
    checkOptions(action, optionKinds, options);
    options.signal?.throwIfAborted();
    const question = parseQuestion(name, payload, options);
    const fault = options.checkTags === false ? undefined : this.#fault(question.tags);
    if (fault instanceof SerfError) throw fault;
    const number = ++this.#count;
    const cancel = (): void => {
      if (this.#running.has(number)) this.#act((core, now) => core.queries.end(now, number));
    };
    const { signal } = options;
    const ended = (): void => signal?.removeEventListener("abort", abort);
    const query = new Query({ cancel, ended, clock: this.#clock });
    const abort = (): void => query.fail(signal?.reason);
    this.#running.set(number, query);
    try {
      this.#act((core, now) => core.queries.ask(now, number, question));
    } catch (error) {
      this.#running.delete(number);
      throw error;
    }
    signal?.addEventListener("abort", abort, { once: true });
    if (fault === "later") {
      this.#patterns.whenLoaded(() => {
        const found = this.#fault(question.tags);
        if (found instanceof SerfError) query.fail(found);
      });
    }
    return query;
  }

  /** Passes a reply, or the end, to its query. */
  perform(effect: ReplyEffect | QueryEndEffect): void {
    const query = this.#running.get(effect.query);
    if (effect.kind === "reply") {
      query?.push(effect);
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

  /** Returns why tag expressions are refused, or "later" if the engine has to be loaded first. */
  #fault(tags: ReadonlyMap<string, string>): SerfError | "later" | undefined {
    const work = expressionsFault([...tags.values()]);
    if (work !== undefined) return new SerfError("ERR_LIMIT", `Cannot ${action}: it has ${work}`);
    for (const [tag, expression] of tags) {
      const matched = this.#patterns.match(expression, "");
      if (matched === "later") return "later";
      if (typeof matched !== "object") continue;
      const message = `Cannot ${action}: tags[${JSON.stringify(tag)}]: ${matched.fault}`;
      return new SerfError("ERR_OPTION", message);
    }
    return undefined;
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
  checkTags: kinds.flag,
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
