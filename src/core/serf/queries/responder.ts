/**
 * Acknowledges and answers queries: one packet goes straight to the asker, and, if the query has a
 * relay factor, copies go through other members (serf `respondWithMessageAndResponse`,
 * `relayResponse`).
 */

import { SerfError, type SerfErrorCode } from "../../../errors.ts";
import { formatAddress } from "../../../net/address.ts";
import type { Swim } from "../../swim/swim.ts";
import { addressFault } from "../../swim/validity.ts";
import type { Member } from "../api.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import { encodeQueryResponse, encodeRelay } from "../wire/encoding.ts";
import type { QueryMessage, QueryResponseMessage } from "../wire/messages.ts";
import type { Collector } from "./collector.ts";
import { queryFlag, type ReceivedQuery } from "./received.ts";

/** The first protocol version of memberlist with which members relay replies. */
const relayProtocol = 5;

/** Replies to queries. */
export class Responder {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #collector: Collector;
  readonly #swim: Swim;

  constructor(context: SerfContext, members: SerfMembers, collector: Collector, swim: Swim) {
    this.#context = context;
    this.#members = members;
    this.#collector = collector;
    this.#swim = swim;
  }

  /** Acknowledges a query. Failures are logged. */
  acknowledge(now: number, { message }: ReceivedQuery): void {
    const ack = this.#response(message, queryFlag.ack, null);
    const bytes = encodeQueryResponse(ack);
    this.#deliver(now, message, ack, bytes);
    const fault = this.#relay(message, bytes);
    if (fault !== undefined) log(this.#context, "ERR", `failed to relay ack: ${fault}`, "query");
  }

  /** Returns the answer as it would be sent, for callers that need its size. */
  encode(message: QueryMessage, payload: Uint8Array): Uint8Array {
    return encodeQueryResponse(this.#response(message, 0, payload));
  }

  /**
   * Answers a query. Throws SerfError (ERR_LIMIT) if the answer is too large, (ERR_STATE) if one
   * was sent already, and (ERR_TIMEOUT) past the deadline. If only the relayed copy is too large,
   * it throws (ERR_LIMIT) although the answer was sent, and a second answer is possible, as in
   * Serf.
   */
  respond(now: number, query: ReceivedQuery, payload: Uint8Array): void {
    const { message } = query;
    const limit = this.#context.config.queryResponseSizeLimit;
    const response = this.#response(message, 0, payload);
    const bytes = encodeQueryResponse(response);
    if (bytes.length > limit) throw refusal("ERR_LIMIT", `response exceeds limit of ${limit} bytes`);
    if (query.answered) throw refusal("ERR_STATE", "response already sent");
    if (now > query.deadline) throw refusal("ERR_TIMEOUT", "response is past the deadline");
    this.#deliver(now, message, response, bytes);
    const fault = this.#relay(message, bytes);
    if (fault !== undefined) throw refusal("ERR_LIMIT", fault);
    query.answered = true;
  }

  #response(query: QueryMessage, flags: number, payload: Uint8Array | null): QueryResponseMessage {
    const { lamportTime, id } = query;
    return { type: "queryResponse", lamportTime, id, from: this.#context.config.name, flags, payload };
  }

  #deliver(now: number, query: QueryMessage, response: QueryResponseMessage, bytes: Uint8Array): void {
    // A node may be unable to reach its own advertised address, so replies to itself do not use the
    // network.
    const { config, local } = this.#context;
    if (query.sourceNode === config.name && local.isAt(query.address, query.port)) {
      this.#collector.receive(now, response);
      return;
    }
    if (addressFault(query.address) !== undefined || query.port === 0) return;
    this.#swim.sendUser({ host: formatAddress(query.address), port: query.port }, bytes);
  }

  /** Sends copies through other members. Returns a reason if that is impossible. */
  #relay(query: QueryMessage, inner: Uint8Array): string | undefined {
    const { config } = this.#context;
    if (query.relayFactor === 0 || this.#members.count < query.relayFactor + 1) return undefined;
    const { address, port, sourceNode: node } = query;
    if (addressFault(address) !== undefined || port === 0) return undefined;
    const bytes = encodeRelay({ type: "relay", address, port, node, inner });
    const limit = config.queryResponseSizeLimit;
    if (bytes.length > limit) return `relayed response exceeds limit of ${limit} bytes`;
    for (const relay of this.#relays(query.relayFactor)) {
      this.#swim.sendUser({ host: relay.address, port: relay.port }, bytes);
    }
    return undefined;
  }

  #relays(count: number): Member[] {
    const { config, random } = this.#context;
    const candidates = this.#members
      .withStatus("alive")
      .filter((member) => member.name !== config.name && member.memberlist.max >= relayProtocol);
    return random.shuffle(candidates).slice(0, count);
  }
}

function refusal(code: SerfErrorCode, why: string): SerfError {
  // Serf has "key query" in the text for ordinary queries too (serf `query.go`, `Respond`).
  return new SerfError(code, `failed to respond to key query: ${why}`);
}
