/**
 * Answering queries: acknowledgements and answers go straight to who asked, as one packet, and copies through other members when
 * the query asks for that (serf `respondWithMessageAndResponse`, `relayResponse`).
 */

import { SerfError, type SerfErrorCode } from "../../../errors.ts";
import { formatAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import type { Outbox } from "../../effects.ts";
import type { Random } from "../../random.ts";
import { addressFault } from "../../swim/validity.ts";
import type { Member, SerfEvent } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import type { SerfMembers } from "../members/members.ts";
import { encodeQueryResponse, encodeRelay } from "../wire/encoding.ts";
import type { QueryMessage, QueryResponseMessage } from "../wire/messages.ts";
import { queryFlag, type ReceivedQuery } from "./received.ts";

/** What {@link Answers} works on. */
export interface AnswersParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly random: Random;
  readonly members: SerfMembers;
  /** Sends one user message. */
  readonly send: (to: Address, bytes: Uint8Array) => void;
  /** Where this node is reached, as it tells others. */
  readonly self: { readonly address: Uint8Array; readonly port: number };
  /** Takes a reply to a query of our own. */
  readonly own: (now: number, response: QueryResponseMessage) => void;
}

/** memberlist version from which a member passes on what it is asked to. */
const relayProtocol = 5;

/** Replies to queries. */
export class Answers {
  readonly #parts: AnswersParts;

  constructor(parts: AnswersParts) {
    this.#parts = parts;
  }

  /** Acknowledges a query. Failures are logged. */
  acknowledge(now: number, { message }: ReceivedQuery): void {
    const ack = this.#response(message, queryFlag.ack, null);
    const bytes = encodeQueryResponse(ack);
    this.#deliver(now, message, ack, bytes);
    const fault = this.#relay(message, bytes);
    if (fault !== null) this.#parts.outbox.log("ERR", "serf", `failed to relay ack: ${fault}`);
  }

  /** The answer as it would be sent, for those who have to know its size. */
  encode(message: QueryMessage, payload: Uint8Array): Uint8Array {
    return encodeQueryResponse(this.#response(message, 0, payload));
  }

  /**
   * Answers a query. ERR_LIMIT when the answer is too large, ERR_STATE when there was one already, ERR_TIMEOUT when it is too late.
   * With ERR_LIMIT for the relayed copy alone the answer itself was sent, and another may follow.
   */
  respond(now: number, query: ReceivedQuery, payload: Uint8Array): void {
    const { message } = query;
    const limit = this.#parts.config.queryResponseSizeLimit;
    const response = this.#response(message, 0, payload);
    const bytes = encodeQueryResponse(response);
    if (bytes.length > limit) throw refusal("ERR_LIMIT", `response exceeds limit of ${limit} bytes`);
    if (query.answered) throw refusal("ERR_STATE", "response already sent");
    if (now > query.deadline) throw refusal("ERR_TIMEOUT", "response is past the deadline");
    this.#deliver(now, message, response, bytes);
    const fault = this.#relay(message, bytes);
    if (fault !== null) throw refusal("ERR_LIMIT", fault);
    query.answered = true;
  }

  #response(query: QueryMessage, flags: number, payload: Uint8Array | null): QueryResponseMessage {
    const { lamportTime, id } = query;
    return { type: "queryResponse", lamportTime, id, from: this.#parts.config.name, flags, payload };
  }

  #deliver(now: number, query: QueryMessage, response: QueryResponseMessage, bytes: Uint8Array): void {
    // Our own advertised address may be one that we cannot reach ourselves.
    if (query.sourceNode === this.#parts.config.name && this.#isOwn(query)) {
      this.#parts.own(now, response);
      return;
    }
    if (addressFault(query.address) !== null || query.port === 0) return;
    this.#parts.send({ host: formatAddress(query.address), port: query.port }, bytes);
  }

  #isOwn({ address, port }: QueryMessage): boolean {
    const { self } = this.#parts;
    if (addressFault(address) !== null || port !== self.port) return false;
    return formatAddress(address) === formatAddress(self.address);
  }

  /** Sends copies through others; a text says why that is impossible. */
  #relay(query: QueryMessage, inner: Uint8Array): string | null {
    const { config, members, send } = this.#parts;
    if (query.relayFactor === 0 || members.count < query.relayFactor + 1) return null;
    const { address, port, sourceNode: node } = query;
    if (addressFault(address) !== null || port === 0) return null;
    const bytes = encodeRelay({ type: "relay", address, port, node, inner });
    const limit = config.queryResponseSizeLimit;
    if (bytes.length > limit) return `relayed response exceeds limit of ${limit} bytes`;
    for (const relay of this.#relays(query.relayFactor)) {
      send({ host: relay.address, port: relay.port }, bytes);
    }
    return null;
  }

  #relays(count: number): Member[] {
    const { config, members, random } = this.#parts;
    const candidates = members
      .withStatus("alive")
      .filter((member) => member.name !== config.name && member.memberlist.max >= relayProtocol);
    return random.shuffle(candidates).slice(0, count);
  }
}

function refusal(code: SerfErrorCode, why: string): SerfError {
  // The original's words, for ordinary queries as well.
  return new SerfError(code, `failed to respond to key query: ${why}`);
}
