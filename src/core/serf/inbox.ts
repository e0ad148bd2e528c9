/**
 * Serf messages as they come in: decoded, noted in the log, handed to the part that knows what to do, and queued to be passed on
 * when they are news (serf `NotifyMsg`). What is passed on are the received bytes, so that fields we do not know survive.
 */

import { formatAddress, joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { Outbox } from "../effects.ts";
import { addressFault } from "../swim/validity.ts";
import { WireError } from "../wire/error.ts";
import type { SerfEvent } from "./api.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { Wishes } from "./members/intents.ts";
import type { Collector } from "./queries/collector.ts";
import type { Queries } from "./queries/receiver.ts";
import type { SerfQueues } from "./queues.ts";
import { decodeMessage, messageName, type SerfMessage } from "./wire/messages.ts";

/** Where messages go. */
export interface InboxParts {
  readonly outbox: Outbox<SerfEvent>;
  readonly queues: SerfQueues;
  readonly wishes: Wishes;
  readonly events: UserEvents;
  readonly queries: Queries;
  readonly collector: Collector;
  /** Sends one user message. */
  readonly send: (to: Address, bytes: Uint8Array) => void;
}

/** Receives messages. */
export class Inbox {
  readonly #parts: InboxParts;

  constructor(parts: InboxParts) {
    this.#parts = parts;
  }

  /** Takes one user message of the layer below. */
  receive(now: number, from: Address, payload: Uint8Array): void {
    if (payload.length === 0) return;
    const { outbox } = this.#parts;
    outbox.meter?.sample("serf.msgs.received", payload.length);
    let message: SerfMessage | undefined;
    try {
      message = decodeMessage(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const text = `Error decoding ${messageName(payload[0]!)} message: ${error.message}`;
      outbox.log("ERR", "serf", `${text} from=${joinHostPort(from.host, from.port)}`);
      return;
    }
    if (message === undefined) outbox.log("WARN", "serf", `Received message of unknown type: ${payload[0]}`);
    else this.#route(now, message, payload);
  }

  #route(now: number, message: SerfMessage, bytes: Uint8Array): void {
    const { outbox, queues, wishes, events, queries, collector, send } = this.#parts;
    switch (message.type) {
      case "leave":
        outbox.log("DEBUG", "serf", `messageLeaveType: ${message.node}`);
        if (wishes.apply(now, message)) queues.intents.queue(bytes, message.node);
        return;
      case "join":
        outbox.log("DEBUG", "serf", `messageJoinType: ${message.node}`);
        if (wishes.apply(now, message)) queues.intents.queue(bytes, message.node);
        return;
      case "userEvent":
        outbox.log("DEBUG", "serf", `messageUserEventType: ${message.name}`);
        if (events.receive(message)) queues.events.queue(bytes, null);
        return;
      case "query":
        outbox.log("DEBUG", "serf", `messageQueryType: ${message.name}`);
        if (queries.receive(now, message)) queues.queries.queue(bytes, null);
        return;
      case "queryResponse":
        outbox.log("DEBUG", "serf", `messageQueryResponseType: ${message.from}`);
        collector.receive(now, message);
        return;
      case "relay": {
        if (addressFault(message.address) !== null || message.port === 0) return;
        const to = { host: formatAddress(message.address), port: message.port };
        outbox.log("DEBUG", "serf", `Relaying response to addr: ${joinHostPort(to.host, to.port)}`);
        send(to, message.inner);
        return;
      }
      default:
        unreachable(message);
    }
  }
}
