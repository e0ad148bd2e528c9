/**
 * Everything that has to do with queries, put together: asking, receiving, answering, collecting, and the library's own queries.
 */

import type { Address } from "../../../runtime.ts";
import type { Outbox } from "../../effects.ts";
import type { Random } from "../../random.ts";
import type { SwimConfig } from "../../swim/config.ts";
import type { Timers } from "../../timers.ts";
import type { Codec } from "../../wire/codec.ts";
import type { SerfEvent } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import type { SerfTimer } from "../context.ts";
import type { LamportClock } from "../lamport.ts";
import type { SerfMembers } from "../members/members.ts";
import type { SerfQueues } from "../queues.ts";
import type { Tags } from "../wire/tags.ts";
import { type Question, Questions } from "./asker.ts";
import { Collector } from "./collector.ts";
import type { PatternMatcher } from "./filters.ts";
import { InternalQueries } from "./internal.ts";
import { KeyQueries } from "./key_queries.ts";
import { Keyring } from "./keyring.ts";
import { Conflicts } from "./name_vote.ts";
import type { ReceivedQuery } from "./received.ts";
import { Queries } from "./receiver.ts";
import { Answers } from "./responder.ts";

/** What the parts work on. */
export interface QueryPartsParts {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  readonly matchPattern?: PatternMatcher;
  readonly respond?: (query: ReceivedQuery, payload: Uint8Array) => void;
  readonly keyringFiled?: boolean;
  readonly outbox: Outbox<SerfEvent>;
  readonly timers: Timers<SerfTimer>;
  readonly clock: LamportClock;
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  /** Tags of this node, now. */
  readonly tags: () => Tags;
  /** Members that are not dead, ourselves included. */
  readonly liveCount: () => number;
  /** The largest message that gossip can carry. */
  readonly room: () => number;
  /** Sends one user message. */
  readonly send: (to: Address, bytes: Uint8Array) => void;
  /** Told of the Lamport time of every query that means this node. */
  readonly delivered: (lamportTime: bigint) => void;
}

/** The parts, and the caller's numbers of queries. */
export class QueryParts {
  readonly collector: Collector;
  readonly answers: Answers;
  readonly conflicts: Conflicts;
  readonly keys: KeyQueries;
  readonly queries: Queries;
  readonly questions: Questions;
  readonly #outbox: Outbox<SerfEvent>;
  /** Lamport times of queries that the caller asked, by the caller's number. */
  readonly #asked = new Map<number, bigint>();

  constructor(parts: QueryPartsParts) {
    const {
      matchPattern = () => ({ fault: "there is no engine for expressions" }),
      respond = () => undefined,
      swim,
    } = parts;
    const self = { address: swim.address, port: swim.port };
    this.#outbox = parts.outbox;
    this.collector = new Collector({ ...parts, matchPattern });
    this.answers = new Answers({
      ...parts,
      self,
      own: (now, response) => this.collector.receive(now, response),
    });
    this.conflicts = new Conflicts({
      ...parts,
      self,
      answers: this.answers,
      questions: () => this.questions,
    });
    this.keys = new KeyQueries({
      ...parts,
      keyring: new Keyring(parts.codec),
      answers: this.answers,
      filed: parts.keyringFiled ?? false,
    });
    const internal = new InternalQueries({
      outbox: parts.outbox,
      conflicts: this.conflicts,
      keys: this.keys,
    });
    this.queries = new Queries({ ...parts, answers: this.answers, internal, matchPattern, respond });
    this.questions = new Questions({ ...parts, queries: this.queries, collector: this.collector });
  }

  /** Asks under the caller's number; replies and the end become effects. */
  ask(now: number, query: number, question: Question): void {
    let over = false;
    const lamportTime = this.questions.ask(now, question, {
      reply: (_now, reply) => this.#outbox.push({ kind: "reply", query, ...reply }),
      ended: (_now, missing) => {
        over = true;
        this.#asked.delete(query);
        this.#outbox.push({ kind: "queryEnd", query, missing });
      },
    });
    if (!over) this.#asked.set(query, lamportTime);
  }

  /** Ends a query of the caller before its time. */
  end(now: number, query: number): void {
    const lamportTime = this.#asked.get(query);
    if (lamportTime !== undefined) this.collector.end(now, lamportTime);
  }

  /** The engine of tag expressions is there. */
  patternsLoaded(now: number): void {
    this.queries.patternsLoaded(now);
    this.collector.patternsLoaded(now);
  }
}
