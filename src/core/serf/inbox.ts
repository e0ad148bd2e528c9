/**
 * Receives Serf's messages: decodes them, logs them, passes them to the parts that handle them, and
 * broadcasts again those that are new (serf `NotifyMsg`). It broadcasts the received bytes and not
 * a new encoding, so that unknown fields are kept.
 */

import { joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import { WireError } from "../wire/error.ts";
import type { SerfContext } from "./context.ts";
import { log } from "./context.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { Intents } from "./members/intents.ts";
import type { Queries } from "./queries/queries.ts";
import type { SerfQueues } from "./queues.ts";
import { decodeMessage, messageName, type SerfMessage } from "./wire/messages.ts";

/** Receives the messages of one node. */
export class Inbox {
  readonly #context: SerfContext;
  readonly #queues: SerfQueues;
  readonly #intents: Intents;
  readonly #events: UserEvents;
  readonly #queries: Queries;

  constructor(
    context: SerfContext,
    queues: SerfQueues,
    intents: Intents,
    events: UserEvents,
    queries: Queries,
  ) {
    this.#context = context;
    this.#queues = queues;
    this.#intents = intents;
    this.#events = events;
    this.#queries = queries;
  }

  /** Handles one user message of the layer below. */
  receive(now: number, from: Address, payload: Uint8Array): void {
    if (payload.length === 0) return;
    this.#context.outbox.meter?.sample("serf.msgs.received", payload.length);
    let message: SerfMessage | undefined;
    try {
      message = decodeMessage(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const text = `Error decoding ${messageName(payload[0]!)} message: ${error.message}`;
      log(this.#context, "ERR", `${text} from=${joinHostPort(from.host, from.port)}`, "packet");
      return;
    }
    if (message !== undefined && !this.#plausible(message)) {
      log(
        this.#context,
        "WARN",
        `Ignoring ${message.type} message: its Lamport time is too far ahead`,
        "packet",
      );
      return;
    }
    if (message === undefined)
      log(this.#context, "WARN", `Received message of unknown type: ${payload[0]}`, "packet");
    else this.#route(now, message, payload);
  }

  /** Returns whether the Lamport time of a message can be right. Replies have the time of our own query. */
  #plausible(message: SerfMessage): boolean {
    const { clocks } = this.#context;
    switch (message.type) {
      case "leave":
      case "join":
        return clocks.members.plausible(message.lamportTime);
      case "userEvent":
        return clocks.events.plausible(message.lamportTime);
      case "query":
        return clocks.queries.plausible(message.lamportTime);
      case "queryResponse":
      case "relay":
        return true;
      default:
        return unreachable(message);
    }
  }

  #route(now: number, message: SerfMessage, bytes: Uint8Array): void {
    const queues = this.#queues;
    switch (message.type) {
      case "leave":
        log(this.#context, "DEBUG", `messageLeaveType: ${message.node}`);
        if (this.#intents.apply(now, message)) queues.intents.queue(bytes, message.node);
        return;
      case "join":
        log(this.#context, "DEBUG", `messageJoinType: ${message.node}`);
        if (this.#intents.apply(now, message)) queues.intents.queue(bytes, message.node);
        return;
      case "userEvent":
        log(this.#context, "DEBUG", `messageUserEventType: ${message.name}`);
        if (this.#events.receive(message)) queues.events.queue(bytes, undefined);
        return;
      case "query":
        log(this.#context, "DEBUG", `messageQueryType: ${message.name}`);
        if (this.#queries.receive(now, message)) queues.queries.queue(bytes, undefined);
        return;
      case "queryResponse":
        log(this.#context, "DEBUG", `messageQueryResponseType: ${message.from}`);
        this.#queries.receiveReply(now, message);
        return;
      case "relay":
        this.#queries.relay(message);
        return;
      default:
        unreachable(message);
    }
  }
}
