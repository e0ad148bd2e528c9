/**
 * Collects acknowledgements and answers to the queries of this node, each once per member, until
 * all expected members have replied or the time is over (serf `handleQueryResponse`). Serf always
 * waits until the time is over.
 */

import { noBytes } from "../../bytes.ts";
import type { QueryReply } from "../api.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import type { QueryResponseMessage } from "../wire/messages.ts";
import { type Filter, matchesFilters, type PatternMatcher } from "./filters.ts";
import { queryFlag } from "./received.ts";

/** Receives the replies to one query. */
export interface QueryListener {
  /** Called for every reply. */
  reply(now: number, reply: QueryReply): void;
  /**
   * Called once, when the query is over. `missing` are the members that should have replied and did
   * not; `undefined` if they are not known.
   */
  ended(now: number, missing: readonly string[] | undefined): void;
}

/** A query to collect replies for. */
export interface RunningQuery {
  readonly lamportTime: bigint;
  readonly id: number;
  readonly deadline: number;
  /** Whether every member is expected to acknowledge the query. */
  readonly expectsAcks: boolean;
  /** Whether every member is expected to answer it. */
  readonly expectsAnswers: boolean;
  readonly filters: readonly Filter[];
  /** Whether the query ends when all expected members have replied. */
  readonly endsEarly: boolean;
  readonly listener: QueryListener;
}

interface Entry extends RunningQuery {
  /** The maximum number of acknowledgements, and of answers. */
  readonly capacity: number;
  readonly acked: Set<string>;
  readonly answered: Set<string>;
  /**
   * The members that were alive and matched the filters when the query was asked; `undefined` until
   * the filters can be evaluated.
   */
  expected: ReadonlySet<string> | undefined;
  /** Those of {@link expected} that have not replied in full. */
  readonly owing: Set<string>;
}

/** How many replies are kept beyond two for every live member, for members that join later. */
const spareReplies = 64;

/** The running queries of one node. */
export class Collector {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #matchPattern: PatternMatcher;
  readonly #running = new Map<bigint, Entry>();

  constructor(context: SerfContext, members: SerfMembers, matchPattern: PatternMatcher) {
    this.#context = context;
    this.#members = members;
    this.#matchPattern = matchPattern;
  }

  /** The number of running queries. */
  get count(): number {
    return this.#running.size;
  }

  /** Begins to collect replies to a query. */
  begin(now: number, query: RunningQuery): void {
    const entry: Entry = {
      ...query,
      capacity: 2 * this.#members.countOf("alive") + spareReplies,
      acked: new Set(),
      answered: new Set(),
      expected: undefined,
      owing: new Set(),
    };
    this.#expect(entry);
    this.#running.set(query.lamportTime, entry);
    this.#context.timers.set(`query ${query.lamportTime}`, query.deadline, {
      kind: "query",
      lamportTime: query.lamportTime,
    });
    this.#endIfComplete(now, entry);
  }

  /** Handles an acknowledgement or an answer. */
  receive(now: number, response: QueryResponseMessage): void {
    const { outbox } = this.#context;
    const entry = this.#running.get(response.lamportTime);
    if (entry === undefined) {
      const { lamportTime, id, from } = response;
      const text = `reply for non-running query (LTime: ${lamportTime}, ID: ${id}) From: ${from}`;
      log(this.#context, "WARN", text, "reply");
      return;
    }
    if (entry.id !== response.id) {
      const text = `query reply ID mismatch (Local: ${entry.id}, Response: ${response.id})`;
      log(this.#context, "WARN", text, "reply");
      return;
    }
    if (now > entry.deadline) return;
    const ack = (response.flags & queryFlag.ack) !== 0;
    const seen = ack ? entry.acked : entry.answered;
    if (seen.has(response.from)) {
      outbox.meter?.incr(ack ? "serf.query_duplicate_acks" : "serf.query_duplicate_responses", 1);
      return;
    }
    if ((ack && !entry.expectsAcks) || seen.size >= entry.capacity) {
      log(this.#context, "WARN", "Failed to deliver query response, dropping", "reply");
      return;
    }
    outbox.meter?.incr(ack ? "serf.query_acks" : "serf.query_responses", 1);
    seen.add(response.from);
    const payload = ack ? noBytes : (response.payload ?? noBytes);
    if (hasReplied(entry, response.from)) entry.owing.delete(response.from);
    entry.listener.reply(now, { type: ack ? "ack" : "response", from: response.from, payload });
    this.#endIfComplete(now, entry);
  }

  /** Ends a query, because its time is over or its owner has enough replies. */
  end(now: number, lamportTime: bigint): void {
    const entry = this.#running.get(lamportTime);
    if (entry === undefined) return;
    this.#running.delete(lamportTime);
    this.#context.timers.delete(`query ${lamportTime}`);
    entry.listener.ended(now, entry.expected === undefined ? undefined : [...entry.owing]);
  }

  /**
   * The regular-expression engine has loaded: evaluates the filters of the queries that waited for
   * it.
   */
  patternsLoaded(now: number): void {
    for (const entry of [...this.#running.values()]) {
      if (entry.expected !== undefined) continue;
      this.#expect(entry);
      this.#endIfComplete(now, entry);
    }
  }

  /**
   * Ends the queries to which all remaining members have replied; call it when members are gone.
   */
  membersChanged(now: number): void {
    for (const entry of [...this.#running.values()]) this.#endIfComplete(now, entry);
  }

  #endIfComplete(now: number, entry: Entry): void {
    if (!entry.endsEarly || entry.expected === undefined) return;
    // The first that owes a reply is mostly alive: this stays cheap at every reply.
    for (const name of entry.owing) if (this.#members.find(name)?.status === "alive") return;
    this.end(now, entry.lamportTime);
  }

  /** Works out who has to reply, if the filters can be evaluated. */
  #expect(entry: Entry): void {
    entry.expected = this.#matching(entry.filters);
    for (const name of entry.expected ?? []) {
      if (!hasReplied(entry, name)) entry.owing.add(name);
    }
  }

  /**
   * Returns the live members that match the filters, by the tags that are known here; `undefined`
   * if the regular-expression engine has not loaded yet.
   */
  #matching(filters: readonly Filter[]): Set<string> | undefined {
    const names = new Set<string>();
    for (const member of this.#members.withStatus("alive")) {
      // No warning here: our own node evaluates the same filters and logs bad ones.
      const matched = matchesFilters(filters, member, this.#matchPattern, () => undefined);
      if (matched === "later") return undefined;
      if (matched) names.add(member.name);
    }
    return names;
  }
}

/** Returns whether a member has sent everything that is expected of it. */
function hasReplied({ expectsAcks, expectsAnswers, acked, answered }: Entry, name: string): boolean {
  return (!expectsAcks || acked.has(name)) && (!expectsAnswers || answered.has(name));
}
