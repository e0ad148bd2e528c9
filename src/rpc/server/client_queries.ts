/**
 * The queries of one client: those it asked, whose replies it gets as records, and those that its streams delivered, which it may answer
 * until their deadline.
 */

import type { QueryEvent } from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import type { Encodable, RpcCodec } from "../codec.ts";
import { responseHeader, rpcErrors } from "../protocol.ts";
import type { QueryReply } from "../results.ts";
import { doneRecord, replyRecord } from "../results.ts";
import type { RecordWord, WriteQueue } from "./write_queue.ts";

/** Queries that one client may have running. */
export const runningQueriesMax = 256;

/** Delivered queries that one client may answer; the oldest is forgotten for another. */
export const answerableQueriesMax = 1024;

/** A query that the client asked. */
export interface AskedQuery {
  readonly header: Uint8Array;
}

/** All queries of one client. */
export class ClientQueries {
  readonly #codec: RpcCodec;
  readonly #writes: WriteQueue;
  readonly #asked = new Set<AskedQuery>();
  /** By number, oldest first. */
  readonly #answerable = new Map<bigint, QueryEvent>();
  #delivered = 0;

  constructor(codec: RpcCodec, writes: WriteQueue) {
    this.#codec = codec;
    this.#writes = writes;
  }

  /** Number of queries that the client asked and that still run. */
  get running(): number {
    return this.#asked.size;
  }

  /** Number of delivered queries that may still be answered. */
  get answerable(): number {
    return this.#answerable.size;
  }

  /** Why another query cannot be asked; empty when it can. */
  get refusal(): string {
    return this.#asked.size < runningQueriesMax
      ? ""
      : `More than ${runningQueriesMax} queries on one connection`;
  }

  /** The agent has asked a query for the client. */
  open(sequence: bigint): AskedQuery {
    const query = { header: this.#codec.encode(responseHeader(sequence, "")) };
    this.#asked.add(query);
    return query;
  }

  /**
   * Delivers a reply. The size of the cluster bounds their number, and the write queue their bytes.
   */
  reply(query: AskedQuery, reply: QueryReply): void {
    this.#record(query, replyRecord(reply), reply.type);
  }

  /** The query is over. */
  done(query: AskedQuery, missing: readonly string[] | undefined): void {
    this.#record(query, doneRecord(missing), "query end");
    this.#asked.delete(query);
  }

  /** The number of the next record of a query on a stream. */
  get nextId(): number {
    return this.#delivered + 1;
  }

  /** A query was delivered under {@link nextId}. */
  delivered(now: number, event: QueryEvent): void {
    this.#expire(now);
    this.#delivered += 1;
    this.#answerable.set(BigInt(this.#delivered), event);
    if (this.#answerable.size <= answerableQueriesMax) return;
    for (const id of this.#answerable.keys()) {
      this.#answerable.delete(id);
      return;
    }
  }

  /** Answers a delivered query; the error text, empty for success. */
  answer(now: number, id: bigint, payload: Uint8Array): string {
    this.#expire(now);
    const event = this.#answerable.get(id);
    if (event === undefined) return rpcErrors.noPendingQuery;
    try {
      event.respond(payload);
      return "";
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      return error.message;
    }
  }

  #expire(now: number): void {
    for (const [id, { deadline }] of this.#answerable) {
      if (now > deadline) this.#answerable.delete(id);
    }
  }

  #record(query: AskedQuery, body: Encodable, word: RecordWord): void {
    if (!this.#asked.has(query)) return;
    this.#writes.unbounded(word, query.header, this.#codec.encode(body));
  }
}
