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
import { messageName, type SerfMessage } from "./wire/messages.ts";

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

  /**
   * Handles the user messages of one packet. Serf's agents put the newest first and their receivers
   * begin with the last; so ours begins there too, and then goes by Lamport time. Events arrive in
   * the order in which they were sent, whatever kind of node sent them, and after all intents.
   */
  receive(now: number, from: Address, payloads: readonly Uint8Array[]): void {
    const messages: { readonly message: SerfMessage; readonly bytes: Uint8Array }[] = [];
    for (let index = payloads.length - 1; index >= 0; index--) {
      const bytes = payloads[index]!;
      const message = this.#decode(from, bytes);
      if (message === undefined) continue;
      // Intents come first. Their order does not matter: the one with the highest time counts.
      if (message.type === "join" || message.type === "leave") this.#route(now, message, bytes);
      else messages.push({ message, bytes });
    }
    if (messages.length > 1) messages.sort((a, b) => compare(a.message, b.message));
    for (const { message, bytes } of messages) this.#route(now, message, bytes);
  }

  #decode(from: Address, payload: Uint8Array): SerfMessage | undefined {
    if (payload.length === 0) return undefined;
    this.#context.outbox.meter?.sample("serf.msgs.received", payload.length);
    let message: SerfMessage | undefined;
    try {
      message = this.#context.serfCodec.decodeMessage(payload);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      const text = `Error decoding ${messageName(payload[0]!)} message: ${error.message}`;
      log(this.#context, "ERR", `${text} from=${joinHostPort(from.host, from.port)}`, "packet");
      return undefined;
    }
    if (message === undefined) {
      log(this.#context, "WARN", `Received message of unknown type: ${payload[0]}`, "packet");
      return undefined;
    }
    if (this.#plausible(message)) return message;
    const text = `Ignoring ${message.type} message: its Lamport time is too far ahead`;
    log(this.#context, "WARN", text, "packet");
    return undefined;
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
    const { logs } = this.#context.outbox;
    switch (message.type) {
      case "leave":
        if (logs) log(this.#context, "DEBUG", `messageLeaveType: ${message.node}`);
        if (this.#intents.apply(now, message)) queues.intents.queue(bytes, message.node);
        return;
      case "join":
        if (logs) log(this.#context, "DEBUG", `messageJoinType: ${message.node}`);
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

/** The order in which messages of one packet are handled. */
const rank: Readonly<Record<SerfMessage["type"], number>> = {
  leave: 0,
  join: 0,
  query: 1,
  userEvent: 2,
  queryResponse: 3,
  relay: 3,
};

/** Compares two messages: first queries, then events, each by Lamport time. */
function compare(a: SerfMessage, b: SerfMessage): number {
  const byRank = rank[a.type] - rank[b.type];
  if (byRank !== 0 || a.type === "relay" || b.type === "relay") return byRank;
  return a.lamportTime < b.lamportTime ? -1 : a.lamportTime > b.lamportTime ? 1 : 0;
}
