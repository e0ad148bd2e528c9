/**
 * Receives queries: witnesses their Lamport times and drops duplicates. If the filters match this
 * node, acknowledges the query and emits it as an event (serf `handleQuery`).
 */

import { noBytes, utf8Length } from "../../bytes.ts";
import { Limits } from "../../wire/limits.ts";
import type { SerfEvent } from "../api.ts";
import { SerfLimits } from "../config.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import { ReplayRing } from "../events/replay_ring.ts";
import type { QueryMessage } from "../wire/messages.ts";
import { decodeFilters, type Filter, matchesFilters, type PatternMatcher } from "./filters.ts";
import type { InternalQueries } from "./internal.ts";
import { internalPrefix, queryFlag, type ReceivedQuery, received } from "./received.ts";
import type { Responder } from "./responder.ts";

/** What receiving queries needs from the host. */
export interface QueryHost {
  /** Evaluates tag expressions. */
  readonly matchPattern: PatternMatcher;
  /** Called with the answers of users to a {@link QueryEvent}. */
  readonly respond: (query: ReceivedQuery, payload: Uint8Array) => void;
  /** Called with the Lamport time of every query whose filters match this node. */
  readonly delivered: (lamportTime: bigint) => void;
}

interface Held {
  readonly query: ReceivedQuery;
  readonly filters: readonly Filter[];
}

/** Receives the queries of one node. */
export class Receiver {
  readonly #context: SerfContext;
  readonly #responder: Responder;
  readonly #internal: InternalQueries;
  readonly #host: QueryHost;
  readonly #ring: ReplayRing<number>;
  #held: Held[] = [];

  constructor(context: SerfContext, responder: Responder, internal: InternalQueries, host: QueryHost) {
    this.#context = context;
    this.#responder = responder;
    this.#internal = internal;
    this.#host = host;
    this.#ring = new ReplayRing(context.config.queryBuffer, (a, b) => a === b);
  }

  /** Ignores queries before `time`, because they were asked before this node restarted. */
  ignoreBefore(time: bigint): void {
    this.#ring.ignoreBefore(time);
  }

  /** Handles one query. Returns true if it is new and has to be broadcast again. */
  receive(now: number, message: QueryMessage): boolean {
    if (sizeOf(message) > Limits.packet) {
      const text = `Ignoring query ${message.name.slice(0, 64)}: it is larger than a packet`;
      log(this.#context, "WARN", text, "query");
      return false;
    }
    const { clocks, outbox } = this.#context;
    const clock = clocks.queries;
    clock.witness(message.lamportTime);
    const verdict = this.#ring.add(message.lamportTime, clock.time, message.id);
    if (verdict === "old") {
      const text = `received old query ${message.name} from time ${message.lamportTime} (current: ${clock.time})`;
      log(this.#context, "WARN", text, "query");
    }
    if (verdict !== "new") return false;
    outbox.meter?.incr("serf.queries", 1);
    outbox.meter?.incr(`serf.queries.${message.name}`, 1);
    this.#consider(now, { query: received(now, message), filters: decodeFilters(message.filters) });
    return (message.flags & queryFlag.noBroadcast) === 0;
  }

  /** The regular-expression engine has loaded: evaluates the queries that were held for it. */
  patternsLoaded(now: number): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) this.#consider(now, one);
  }

  #consider(now: number, held: Held): void {
    const { matchPattern } = this.#host;
    const matched = matchesFilters(held.filters, this.#context.local, matchPattern, (text) =>
      log(this.#context, "WARN", text, "query"),
    );
    if (matched === true) this.#accept(now, held.query);
    else if (matched === "later" && this.#held.length < SerfLimits.heldQueries) this.#held.push(held);
  }

  #accept(now: number, query: ReceivedQuery): void {
    const { respond, delivered } = this.#host;
    const { name, payload, lamportTime, sourceNode, flags } = query.message;
    delivered(lamportTime);
    if ((flags & queryFlag.ack) !== 0) this.#responder.acknowledge(now, query);
    if (name.startsWith(internalPrefix)) {
      this.#internal.handle(now, query, name.slice(internalPrefix.length));
      return;
    }
    // Users may keep `respond` until the deadline, so it must not keep what only the event needs.
    const answerable: ReceivedQuery = { ...query, message: { ...query.message, filters: [], payload: null } };
    const event: SerfEvent = Object.freeze({
      type: "query",
      name,
      payload: payload ?? noBytes,
      lamportTime,
      source: sourceNode,
      // On the core's clock. The host turns it into a time of day.
      deadline: query.deadline,
      respond: (answer: Uint8Array) => respond(answerable, answer),
    });
    this.#context.outbox.push({ kind: "emit", event });
  }
}

/** Returns the bytes of a query's content. Over a stream they could be more than fit a packet. */
function sizeOf({ name, payload, filters }: QueryMessage): number {
  return filters.reduce((sum, filter) => sum + filter.length, utf8Length(name) + (payload?.length ?? 0));
}
