/**
 * What a client hands out for subscriptions: typed streams over the records of a connection.
 */

import type {
  MemberEvent,
  MemberEventType,
  PayloadReader,
  ReceivedQueryReply,
  ReceivedUserEvent,
} from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import { withPayload } from "../../go/payload.ts";
import { bytes, flag, list, record, text, unsigned } from "../fields.ts";
import { readMember } from "../records.ts";
import { readReply } from "../results.ts";
import { RpcWireError } from "../wire_error.ts";
import type { RecordQueue } from "./connection.ts";

/** A query as a stream has it. Frozen, and plain data but for its methods. */
export interface RpcQueryEvent extends PayloadReader {
  /** What kind of event this is. */
  readonly type: "query";
  /** The logical time at which it was asked: a 64-bit unsigned integer. */
  readonly lamportTime: bigint;
  /** The name that its asker gave it. */
  readonly name: string;
  /** What its asker attached; empty if that was nothing. */
  readonly payload: Uint8Array;
  /** Names the query on this connection. */
  readonly id: bigint;
}

/** An event of a stream. */
export type RpcEvent = MemberEvent | ReceivedUserEvent | RpcQueryEvent;

/** A stream of items; leaving the loop or calling `return` ends it at the agent. */
export interface RpcStream<Item> extends AsyncIterableIterator<Item> {
  /** Items lost because the reader did not keep up. */
  readonly dropped: number;
}

/** Records of a connection, read as items; those that read as `undefined` are passed over. */
export class TypedStream<Item> implements RpcStream<Item> {
  readonly #records: RecordQueue;
  readonly #read: (value: unknown) => Item | undefined;

  constructor(records: RecordQueue, read: (value: unknown) => Item | undefined) {
    this.#records = records;
    this.#read = read;
  }

  get dropped(): number {
    return this.#records.dropped;
  }

  async next(): Promise<IteratorResult<Item>> {
    for (;;) {
      const result = await this.#records.next();
      if (result.done) return { done: true, value: undefined };
      const value = decoded(() => this.#read(result.value));
      if (value !== undefined) return { done: false, value };
    }
  }

  async return(): Promise<IteratorResult<Item>> {
    await this.#records.return();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The replies to a query. */
export interface RpcQuery extends RpcStream<ReceivedQueryReply> {
  /**
   * Members that were meant and still owed a reply when the query ended; `undefined` before the end,
   * and if the agent does not say: Go's agent never does.
   */
  readonly missing: readonly string[] | undefined;
}

/** Replies of a connection; `missing` returns what the record of the end said. */
export class QueryStream implements RpcQuery {
  readonly #replies: TypedStream<ReceivedQueryReply>;
  readonly #missing: () => readonly string[] | undefined;

  constructor(records: RecordQueue, missing: () => readonly string[] | undefined) {
    this.#replies = new TypedStream(records, (value) => {
      const reply = readReply(value);
      return reply?.type === "end" ? undefined : reply;
    });
    this.#missing = missing;
  }

  get missing(): readonly string[] | undefined {
    return this.#missing();
  }

  get dropped(): number {
    return this.#replies.dropped;
  }

  next(): Promise<IteratorResult<ReceivedQueryReply>> {
    return this.#replies.next();
  }

  return(): Promise<IteratorResult<ReceivedQueryReply>> {
    return this.#replies.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Reads an event's record. Throws RpcWireError. */
export function readEvent(value: unknown): RpcEvent {
  const fields = record(value, []);
  const type = text(fields.get("Event"));
  if (type !== "user" && type !== "query") {
    return { type: type as MemberEventType, members: list(fields.get("Members")).map(readMember) };
  }
  const common = {
    lamportTime: unsigned(fields.get("LTime")),
    name: text(fields.get("Name")),
    payload: bytes(fields.get("Payload")) ?? new Uint8Array(0),
  };
  if (type === "user") return withPayload({ type, ...common, coalesce: flag(fields.get("Coalesce")) });
  return withPayload({ type, ...common, id: unsigned(fields.get("ID")) });
}

/** Runs a reader of the agent's answer; a fault is the agent's. */
export function decoded<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RpcWireError)) throw error;
    throw new SerfError("ERR_RPC", `msgpack decode error: ${error.message}`, { cause: error });
  }
}
