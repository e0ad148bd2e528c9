/**
 * Asking queries: checked for size, stamped, answered by ourselves first if they mean us, gossiped (serf `Query`).
 */

import { SerfError } from "../../../errors.ts";
import { ceilLog10 } from "../../math.ts";
import type { Random } from "../../random.ts";
import type { SwimConfig } from "../../swim/config.ts";
import { type SerfConfig, SerfLimits } from "../config.ts";
import type { LamportClock } from "../lamport.ts";
import type { SerfQueues } from "../queues.ts";
import { encodeQuery } from "../wire/encoding.ts";
import type { QueryMessage } from "../wire/messages.ts";
import type { Collector, QueryListener } from "./collector.ts";
import { decodeFilters, encodeFilters, type QueryFilter } from "./filters.ts";
import { internalPrefix, queryFlag } from "./received.ts";
import type { Queries } from "./receiver.ts";

/** A query to ask. */
export interface Question extends QueryFilter {
  readonly name: string;
  readonly payload: Uint8Array;
  readonly ack: boolean;
  /** Copies of each reply that go through other members, 0 to 255. */
  readonly relayFactor: number;
  /** Time for replies in whole milliseconds; 0 for the default. */
  readonly timeoutMs: number;
  /** Wait until the time is over although everybody has replied. */
  readonly waitForDeadline: boolean;
}

/** What {@link Questions} works on. */
export interface QuestionsParts {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly clock: LamportClock;
  readonly queries: Queries;
  readonly queues: SerfQueues;
  readonly collector: Collector;
  /** Members that are not dead, ourselves included. */
  readonly liveCount: () => number;
  /** The largest message that gossip can carry. */
  readonly room: () => number;
}

/** Serf protocol with which queries came. */
const queryProtocol = 4;

/** Asks queries. */
export class Questions {
  readonly #parts: QuestionsParts;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** How long a query runs by default, in milliseconds: long enough for gossip to go round twice. */
  get defaultTimeoutMs(): number {
    const { config, swim, liveCount } = this.#parts;
    return swim.gossipIntervalMs * config.queryTimeoutMult * ceilLog10(liveCount());
  }

  /**
   * Asks a query and answers its Lamport time; `listener` hears of replies and, exactly once, of the end, which may come before this
   * returns. ERR_LIMIT when it is too large or too many run, ERR_STATE when the protocol is too old; then nothing happened.
   */
  ask(now: number, question: Question, listener: QueryListener): bigint {
    const { config, collector, queries, queues } = this.#parts;
    if (config.protocol < queryProtocol) throw new SerfError("ERR_STATE", "Feature not supported");
    const timeoutMs = question.timeoutMs === 0 ? this.defaultTimeoutMs : question.timeoutMs;
    const message = this.#message(question, timeoutMs);
    const bytes = encodeQuery(message);
    const limit = Math.min(config.querySizeLimit, this.#parts.room());
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
      ...wanted(question),
      filters: decodeFilters(message.filters),
      endsEarly: !question.waitForDeadline,
      listener,
    });
    queries.receive(now, message);
    queues.queries.queue(bytes, null);
    return message.lamportTime;
  }

  #message(question: Question, timeoutMs: number): QueryMessage {
    const { config, swim, clock, random } = this.#parts;
    return {
      type: "query",
      lamportTime: clock.time,
      id: random.uint32() >>> 1,
      address: swim.address,
      port: swim.port,
      sourceNode: config.name,
      filters: encodeFilters(question),
      flags: question.ack ? queryFlag.ack : 0,
      relayFactor: question.relayFactor,
      timeout: BigInt(timeoutMs) * 1_000_000n,
      name: question.name,
      payload: question.payload.length === 0 ? null : question.payload,
    };
  }
}

/** Which replies a member owes us. Nobody answers a ping beyond acknowledging it. */
function wanted({ name, ack }: Question): { wantsAcks: boolean; wantsAnswers: boolean } {
  return { wantsAcks: ack, wantsAnswers: name !== `${internalPrefix}ping` };
}
