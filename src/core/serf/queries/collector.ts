/**
 * Queries that this node asked: collects acknowledgements and answers, each once per member, until everybody who can answer has, or
 * the time is over (serf `handleQueryResponse`; the early end is our own).
 */

import { noBytes } from "../../bytes.ts";
import type { QueryReply } from "../api.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import type { QueryResponseMessage } from "../wire/messages.ts";
import { type Filter, matchesFilters, type PatternMatcher } from "./filters.ts";
import { queryFlag } from "./received.ts";

/** Who asked a query. */
export interface QueryListener {
  reply(now: number, reply: QueryReply): void;
  /** The query is over. `missing` are members that should have replied and did not; `undefined` if that cannot be known. */
  ended(now: number, missing: readonly string[] | undefined): void;
}

/** A query to collect replies for. */
export interface RunningQuery {
  readonly lamportTime: bigint;
  readonly id: number;
  readonly deadline: number;
  /** Replies that a member owes us. */
  readonly wantsAcks: boolean;
  readonly wantsAnswers: boolean;
  readonly filters: readonly Filter[];
  /** Whether the query is over when everybody has replied. */
  readonly endsEarly: boolean;
  readonly listener: QueryListener;
}

interface Entry extends RunningQuery {
  /** Replies of one kind that are kept at most. */
  readonly capacity: number;
  readonly acked: Set<string>;
  readonly answered: Set<string>;
  /** Members that were alive and meant when the query was asked; `undefined` until the filters can be evaluated. */
  expected: ReadonlySet<string> | undefined;
}

/** Replies kept per member that was alive when the query was asked, and some for those that come later. */
const spareReplies = 64;

/** Running queries. */
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

  /** Queries that run. */
  get count(): number {
    return this.#running.size;
  }

  /** Begins to collect. */
  begin(now: number, query: RunningQuery): void {
    const entry: Entry = {
      ...query,
      capacity: 2 * this.#members.withStatus("alive").length + spareReplies,
      acked: new Set(),
      answered: new Set(),
      expected: this.#meant(query.filters),
    };
    this.#running.set(query.lamportTime, entry);
    this.#context.timers.set(`query ${query.lamportTime}`, query.deadline, {
      kind: "query",
      lamportTime: query.lamportTime,
    });
    this.#endIfComplete(now, entry);
  }

  /** Takes an acknowledgement or an answer. */
  receive(now: number, response: QueryResponseMessage): void {
    const { outbox } = this.#context;
    const entry = this.#running.get(response.lamportTime);
    if (entry === undefined) {
      const { lamportTime, id, from } = response;
      const text = `reply for non-running query (LTime: ${lamportTime}, ID: ${id}) From: ${from}`;
      log(this.#context, "WARN", text);
      return;
    }
    if (entry.id !== response.id) {
      const text = `query reply ID mismatch (Local: ${entry.id}, Response: ${response.id})`;
      log(this.#context, "WARN", text);
      return;
    }
    if (now > entry.deadline) return;
    const ack = (response.flags & queryFlag.ack) !== 0;
    const seen = ack ? entry.acked : entry.answered;
    if (seen.has(response.from)) {
      outbox.meter?.incr(ack ? "serf.query_duplicate_acks" : "serf.query_duplicate_responses", 1);
      return;
    }
    if ((ack && !entry.wantsAcks) || seen.size >= entry.capacity) {
      log(this.#context, "WARN", "Failed to deliver query response, dropping");
      return;
    }
    outbox.meter?.incr(ack ? "serf.query_acks" : "serf.query_responses", 1);
    seen.add(response.from);
    const payload = ack ? noBytes : (response.payload ?? noBytes);
    entry.listener.reply(now, { type: ack ? "ack" : "response", from: response.from, payload });
    this.#endIfComplete(now, entry);
  }

  /** The time of a query is over, or its owner has heard enough. */
  end(now: number, lamportTime: bigint): void {
    const entry = this.#running.get(lamportTime);
    if (entry === undefined) return;
    this.#running.delete(lamportTime);
    this.#context.timers.delete(`query ${lamportTime}`);
    entry.listener.ended(now, entry.expected === undefined ? undefined : this.#missing(entry));
  }

  /** The regular-expression engine has loaded: works out who is expected to reply to the queries that waited for it. */
  patternsLoaded(now: number): void {
    for (const entry of [...this.#running.values()]) {
      if (entry.expected !== undefined) continue;
      entry.expected = this.#meant(entry.filters);
      this.#endIfComplete(now, entry);
    }
  }

  /** Members went away: those who remain may all have answered. */
  membersChanged(now: number): void {
    for (const entry of [...this.#running.values()]) this.#endIfComplete(now, entry);
  }

  #endIfComplete(now: number, entry: Entry): void {
    if (!entry.endsEarly || entry.expected === undefined) return;
    if (this.#missing(entry).some((name) => this.#members.find(name)?.status === "alive")) return;
    this.end(now, entry.lamportTime);
  }

  #missing({ expected, wantsAcks, wantsAnswers, acked, answered }: Entry): string[] {
    return [...(expected ?? [])].filter(
      (name) => (wantsAcks && !acked.has(name)) || (wantsAnswers && !answered.has(name)),
    );
  }

  /** Live members that the filters mean, as far as their tags are known here. */
  #meant(filters: readonly Filter[]): Set<string> | undefined {
    const meant = new Set<string>();
    for (const member of this.#members.withStatus("alive")) {
      // No warning here: our own node evaluates the same filters and logs bad ones.
      const matched = matchesFilters(filters, member, this.#matchPattern, () => undefined);
      if (matched === "later") return undefined;
      if (matched) meant.add(member.name);
    }
    return meant;
  }
}
