/**
 * Events as programs get them: frozen plain data, which can be cloned and turned into JSON. What
 * plain data cannot have, the answer of a query and its form as JSON, are methods of the prototype.
 */

import { decodeUtf8 } from "../../core/bytes.ts";
import type { MemberEvent, QueryEvent, QueryReply, SerfEvent, UserEvent } from "../../core/serf/api.ts";
import { encodeBase64 } from "../../go/base64.ts";
import type { Clock } from "../../runtime.ts";
import { checkArgument, checkOptions, kinds, payloadBytes } from "../options/arguments.ts";
import { type PayloadReader, payloadJson } from "./payload.ts";

/** A user event that some member sent (serf `UserEvent`). Frozen, and plain data but for its methods. */
export interface ReceivedUserEvent extends PayloadReader {
  /** What kind of event this is. */
  readonly type: "user";
  /** The logical time at which it was sent: a 64-bit unsigned integer. */
  readonly lamportTime: bigint;
  /** The name that its sender gave it. */
  readonly name: string;
  /** What its sender attached; empty if that was nothing. */
  readonly payload: Uint8Array;
  /** Whether receivers may merge it with other events of the same name. */
  readonly coalesce: boolean;
}

/** A query that this node may answer (serf `Query`). Frozen, and plain data but for its methods. */
export interface ReceivedQueryEvent extends PayloadReader {
  /** What kind of event this is. */
  readonly type: "query";
  /** The name that its asker gave it. */
  readonly name: string;
  /** What its asker attached; empty if that was nothing. */
  readonly payload: Uint8Array;
  /** The logical time at which it was asked: a 64-bit unsigned integer. */
  readonly lamportTime: bigint;
  /** The name of the node that asked. */
  readonly source: string;
  /** The latest time for an answer, in milliseconds since 1970-01-01 UTC. */
  readonly deadline: number;
  /**
   * Sends the answer, text in UTF-8 or bytes; there may be one. Throws SerfError (ERR_LIMIT) if it
   * is too large, (ERR_STATE) if one was sent already or the node has stopped, (ERR_TIMEOUT) past
   * the deadline, and (ERR_OPTION) if it is neither text nor bytes.
   */
  respond(payload: Uint8Array | string): void;
}

/**
 * A reply to a query: the acknowledgement that a member received it, or the answer of a member. An
 * acknowledgement has an empty payload. Frozen, and plain data but for its methods.
 */
export interface ReceivedQueryReply extends PayloadReader {
  /** Whether this is an acknowledgement or an answer. */
  readonly type: "ack" | "response";
  /** The name of the member that replied. */
  readonly from: string;
  /** The answer. */
  readonly payload: Uint8Array;
}

/** Any event of the cluster that a node reports. */
export type ReceivedEvent = MemberEvent | ReceivedUserEvent | ReceivedQueryEvent;

/** Options of {@link Serf.userEvent}. */
export interface UserEventOptions {
  /** Whether receivers may merge it with other events of the same name. Default false. */
  readonly coalesce?: boolean | undefined;
}

/** A user event to send. */
export interface SentEvent {
  readonly name: string;
  readonly payload: Uint8Array;
  readonly coalesce: boolean;
}

/** Checks a user event that a program sends. Throws SerfError (ERR_OPTION). */
export function sentEvent(name: string, payload: Uint8Array | string, options: UserEventOptions): SentEvent {
  const action = "send a user event";
  checkArgument(action, "name", kinds.text, name);
  checkOptions(action, { coalesce: kinds.flag }, options);
  return { name, payload: payloadBytes(action, payload), coalesce: options.coalesce ?? false };
}

/** Returns an event of the core as programs get it. */
export function deliveredEvent(event: SerfEvent, clock: Clock): ReceivedEvent {
  switch (event.type) {
    case "user":
      return new DeliveredUserEvent(event);
    case "query":
      return new DeliveredQuery(event, clock);
    default:
      return event;
  }
}

/** Returns a reply of the core as programs get it. */
export function deliveredReply(reply: QueryReply): ReceivedQueryReply {
  return new DeliveredReply(reply);
}

class DeliveredUserEvent implements ReceivedUserEvent {
  readonly type = "user";
  readonly lamportTime: bigint;
  readonly name: string;
  readonly payload: Uint8Array;
  readonly coalesce: boolean;

  constructor({ lamportTime, name, payload, coalesce }: UserEvent) {
    this.lamportTime = lamportTime;
    this.name = name;
    this.payload = payload;
    this.coalesce = coalesce;
    Object.freeze(this);
  }

  text(): string {
    return decodeUtf8(this.payload);
  }

  json(): unknown {
    return payloadJson(this.payload, `the event ${JSON.stringify(this.name)}`);
  }

  toJSON(): object {
    return jsonOf(this);
  }
}

class DeliveredQuery implements ReceivedQueryEvent {
  readonly type = "query";
  readonly name: string;
  readonly payload: Uint8Array;
  readonly lamportTime: bigint;
  readonly source: string;
  readonly deadline: number;
  readonly #event: QueryEvent;

  constructor(event: QueryEvent, clock: Clock) {
    this.name = event.name;
    this.payload = event.payload;
    this.lamportTime = event.lamportTime;
    this.source = event.source;
    // The core counts from an origin of its own, which programs do not know.
    this.deadline = Math.round(clock.wallTime() + event.deadline - clock.now());
    this.#event = event;
    Object.freeze(this);
  }

  respond(payload: Uint8Array | string): void {
    this.#event.respond(payloadBytes("respond to a query", payload));
  }

  text(): string {
    return decodeUtf8(this.payload);
  }

  json(): unknown {
    return payloadJson(this.payload, `the query ${JSON.stringify(this.name)}`);
  }

  toJSON(): object {
    return jsonOf(this);
  }
}

class DeliveredReply implements ReceivedQueryReply {
  readonly type: "ack" | "response";
  readonly from: string;
  readonly payload: Uint8Array;

  constructor({ type, from, payload }: QueryReply) {
    this.type = type;
    this.from = from;
    this.payload = payload;
    Object.freeze(this);
  }

  text(): string {
    return decodeUtf8(this.payload);
  }

  json(): unknown {
    return payloadJson(this.payload, `the reply of ${JSON.stringify(this.from)}`);
  }

  toJSON(): object {
    return { type: this.type, from: this.from, payload: encodeBase64(this.payload) };
  }
}

/**
 * Returns the fields of an event for JSON: a Lamport time is a number, or text if a number cannot
 * hold it exactly; a payload is base64, as Go encodes bytes.
 */
function jsonOf({ ...fields }: UserEvent | QueryEvent): object {
  const number = Number(fields.lamportTime);
  return {
    ...fields,
    lamportTime: Number.isSafeInteger(number) ? number : String(fields.lamportTime),
    payload: encodeBase64(fields.payload),
  };
}
