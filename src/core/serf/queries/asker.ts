/**
 * Asks queries: checks their size, gives them a Lamport time, handles them here if their filters
 * match this node, and broadcasts them (serf `Query`).
 */

import { SerfError } from "../../../errors.ts";
import { ceilLog10 } from "../../math.ts";
import type { Swim } from "../../swim/swim.ts";
import { SerfLimits } from "../config.ts";
import type { SerfContext } from "../context.ts";
import type { SerfQueues } from "../queues.ts";
import { encodeQuery } from "../wire/encoding.ts";
import type { QueryMessage } from "../wire/messages.ts";
import type { Collector, QueryListener } from "./collector.ts";
import { decodeFilters, encodeFilters, type QueryFilter } from "./filters.ts";
import { internalPrefix, queryFlag } from "./received.ts";
import type { Receiver } from "./receiver.ts";

/** A query to ask. `nodes` and `tags` are its filters. */
export interface Question extends QueryFilter {
  readonly name: string;
  readonly payload: Uint8Array;
  /** Whether members acknowledge the query. */
  readonly ack: boolean;
  /** How many copies of each reply are sent through other members, 0 to 255. */
  readonly relayFactor: number;
  /** The time for replies in whole milliseconds; 0 for the default. */
  readonly timeoutMs: number;
  /** Whether the query runs until its time is over, even if all members have replied. */
  readonly waitForDeadline: boolean;
}

/** The first version of Serf's protocol with queries. */
const queryProtocol = 4;

/** Asks the queries of one node. */
export class Asker {
  readonly #context: SerfContext;
  readonly #queues: SerfQueues;
  readonly #collector: Collector;
  readonly #receiver: Receiver;
  readonly #swim: Swim;

  constructor(
    context: SerfContext,
    queues: SerfQueues,
    swim: Swim,
    { collector, receiver }: { readonly collector: Collector; readonly receiver: Receiver },
  ) {
    this.#context = context;
    this.#queues = queues;
    this.#swim = swim;
    this.#collector = collector;
    this.#receiver = receiver;
  }

  /** How long a query runs by default, in milliseconds (serf `DefaultQueryTimeout`). */
  get defaultTimeoutMs(): number {
    const { config, liveCount } = this.#swim;
    return config.gossipIntervalMs * this.#context.config.queryTimeoutMult * ceilLog10(liveCount);
  }

  /**
   * Asks a query and returns its Lamport time. Calls `listener` for every reply and, exactly once,
   * at the end, which may be before this returns. Throws SerfError (ERR_LIMIT) if the query is too
   * large or too many are running, and (ERR_STATE) if this node uses a protocol without queries;
   * then nothing happened.
   */
  ask(now: number, question: Question, listener: QueryListener): bigint {
    const { config } = this.#context;
    const collector = this.#collector;
    if (config.protocol < queryProtocol) throw new SerfError("ERR_STATE", "Feature not supported");
    const timeoutMs = question.timeoutMs === 0 ? this.defaultTimeoutMs : question.timeoutMs;
    const message = this.#message(question, timeoutMs);
    const bytes = encodeQuery(message);
    const limit = Math.min(config.querySizeLimit, this.#swim.userRoom);
    if (bytes.length > limit) throw new SerfError("ERR_LIMIT", `query exceeds limit of ${limit} bytes`);
    if (collector.count >= SerfLimits.runningQueries) {
      throw new SerfError(
        "ERR_LIMIT",
        `Cannot ask "${question.name}": ${collector.count} queries run already`,
      );
    }
    collector.begin(now, {
      lamportTime: message.lamportTime,
      id: message.id,
      deadline: now + timeoutMs,
      ...expectedReplies(question),
      filters: decodeFilters(message.filters),
      endsEarly: !question.waitForDeadline,
      listener,
    });
    this.#receiver.receive(now, message);
    this.#queues.queries.queue(bytes, undefined);
    return message.lamportTime;
  }

  #message(question: Question, timeoutMs: number): QueryMessage {
    const { local, clocks, random } = this.#context;
    return {
      type: "query",
      lamportTime: clocks.queries.time,
      id: random.uint32() >>> 1,
      address: local.address,
      port: local.port,
      sourceNode: local.name,
      filters: encodeFilters(question),
      flags: question.ack ? queryFlag.ack : 0,
      relayFactor: question.relayFactor,
      timeout: BigInt(timeoutMs) * 1_000_000n,
      name: question.name,
      payload: question.payload.length === 0 ? null : question.payload,
    };
  }
}

/**
 * Returns which replies to expect from each member. A ping is only acknowledged, never answered.
 */
function expectedReplies({ name, ack }: Question): { expectsAcks: boolean; expectsAnswers: boolean } {
  return { expectsAcks: ack, expectsAnswers: name !== `${internalPrefix}ping` };
}
