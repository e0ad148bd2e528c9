/** Events as programs get them, and those that they send. */

import type {
  QueryEvent,
  QueryReply,
  ReceivedEvent,
  ReceivedQueryEvent,
  ReceivedQueryReply,
  SerfEvent,
} from "../../core/serf/api.ts";
import { PayloadRecord, withPayload } from "../../go/payload.ts";
import type { Clock } from "../../runtime.ts";
import { checkArgument, checkOptions, kinds, payloadBytes } from "../options/arguments.ts";

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
      return withPayload(event);
    case "query":
      return deliveredQuery(event, clock);
    default:
      return event;
  }
}

/** Returns a reply of the core as programs get it. */
export function deliveredReply({ type, from, payload }: QueryReply): ReceivedQueryReply {
  return withPayload({ type, from, payload });
}

function deliveredQuery(event: QueryEvent, clock: Clock): ReceivedQueryEvent {
  const { type, name, payload, lamportTime, source } = event;
  // The core counts from an origin of its own, which programs do not know.
  const deadline = Math.round(clock.wallTime() + event.deadline - clock.now());
  const fields = { type, name, payload, lamportTime, source, deadline };
  return new AnswerableQuery(fields, event) as unknown as ReceivedQueryEvent;
}

class AnswerableQuery extends PayloadRecord {
  readonly #event: QueryEvent;

  constructor(fields: Omit<QueryEvent, "respond">, event: QueryEvent) {
    super(fields);
    this.#event = event;
    Object.freeze(this);
  }

  respond(payload: Uint8Array | string): void {
    this.#event.respond(payloadBytes("respond to a query", payload));
  }
}
