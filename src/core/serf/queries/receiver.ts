/**
 * Queries as they arrive: witnessed, checked against the replay ring, passed on once; acknowledged and handed over when their
 * filters mean this node (serf `handleQuery`).
 */

import type { Outbox } from "../../effects.ts";
import type { SerfEvent } from "../api.ts";
import { type SerfConfig, SerfLimits } from "../config.ts";
import { ReplayRing } from "../events/replay_ring.ts";
import type { LamportClock } from "../lamport.ts";
import type { QueryMessage } from "../wire/messages.ts";
import type { Tags } from "../wire/tags.ts";
import { decodeFilters, type Filter, matchesFilters, type PatternMatcher } from "./filters.ts";
import type { InternalQueries } from "./internal.ts";
import { internalPrefix, queryFlag, type ReceivedQuery, received } from "./received.ts";
import type { Answers } from "./responder.ts";

/** What {@link Queries} works on. */
export interface QueriesParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly clock: LamportClock;
  readonly answers: Answers;
  readonly internal: InternalQueries;
  readonly matchPattern: PatternMatcher;
  /** Tags of this node, now. */
  readonly tags: () => Tags;
  /** Where answers of users go in. */
  readonly respond: (query: ReceivedQuery, payload: Uint8Array) => void;
  /** Told of the Lamport time of every query that means this node. */
  readonly delivered: (lamportTime: bigint) => void;
}

interface Held {
  readonly query: ReceivedQuery;
  readonly filters: readonly Filter[];
}

/** Receives queries. */
export class Queries {
  readonly #parts: QueriesParts;
  readonly #ring: ReplayRing<number>;
  #held: Held[] = [];

  constructor(parts: QueriesParts) {
    this.#parts = parts;
    this.#ring = new ReplayRing(parts.config.queryBuffer, (a, b) => a === b);
  }

  /** Refuses everything before `time`: queries of an earlier life. */
  ignoreBefore(time: bigint): void {
    this.#ring.ignoreBefore(time);
  }

  /** Takes one query; true when it is new and has to be passed on. */
  receive(now: number, message: QueryMessage): boolean {
    const { clock, outbox } = this.#parts;
    clock.witness(message.lamportTime);
    const verdict = this.#ring.add(message.lamportTime, clock.time, message.id);
    if (verdict === "old") {
      const text = `received old query ${message.name} from time ${message.lamportTime} (current: ${clock.time})`;
      outbox.log("WARN", "serf", text);
    }
    if (verdict !== "new") return false;
    outbox.meter?.incr("serf.queries", 1);
    outbox.meter?.incr(`serf.queries.${message.name}`, 1);
    this.#consider(now, { query: received(now, message), filters: decodeFilters(message.filters) });
    return (message.flags & queryFlag.noBroadcast) === 0;
  }

  /** The engine of tag expressions is there: decides about the queries that waited for it. */
  patternsLoaded(now: number): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) this.#consider(now, one);
  }

  #consider(now: number, held: Held): void {
    const { config, outbox, matchPattern, tags } = this.#parts;
    const subject = { name: config.name, tags: tags() };
    const matched = matchesFilters(held.filters, subject, matchPattern, (text) =>
      outbox.log("WARN", "serf", text),
    );
    if (matched === true) this.#accept(now, held.query);
    else if (matched === "later" && this.#held.length < SerfLimits.heldQueries) this.#held.push(held);
  }

  #accept(now: number, query: ReceivedQuery): void {
    const { outbox, answers, internal, respond, delivered } = this.#parts;
    const { name, payload, lamportTime, sourceNode, flags } = query.message;
    delivered(lamportTime);
    if ((flags & queryFlag.ack) !== 0) answers.acknowledge(now, query);
    if (name.startsWith(internalPrefix)) {
      internal.handle(now, query, name.slice(internalPrefix.length));
      return;
    }
    const event: SerfEvent = Object.freeze({
      type: "query",
      name,
      payload: payload ?? new Uint8Array(),
      lamportTime,
      source: sourceNode,
      deadline: query.deadline,
      respond: (answer: Uint8Array) => respond(query, answer),
    });
    outbox.push({ kind: "emit", event });
  }
}
