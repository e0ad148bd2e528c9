/**
 * The facade of this room: asks, receives and answers queries and collects replies. The other files
 * are private to it.
 */

import { formatAddress, joinHostPort } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import type { Swim } from "../../swim/swim.ts";
import { addressFault } from "../../swim/validity.ts";
import { beginInput, log, type SerfContext } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import type { SerfQueues } from "../queues.ts";
import type { QueryMessage, QueryResponseMessage, RelayMessage } from "../wire/messages.ts";
import { Asker, type Question } from "./asker.ts";
import { Collector } from "./collector.ts";
import { InternalQueries } from "./internal.ts";
import { KeyQueries } from "./key_queries.ts";
import { NameVote } from "./name_vote.ts";
import type { ReceivedQuery } from "./received.ts";
import { type QueryHost, Receiver } from "./receiver.ts";
import { Responder } from "./responder.ts";

/** What queries need from the host. */
export interface QueriesOptions extends QueryHost {
  /** Whether key changes are written to a keyring file. */
  readonly keysAreStored: boolean;
}

/** The queries of one node. */
export class Queries {
  readonly #context: SerfContext;
  readonly #swim: Swim;
  readonly #collector: Collector;
  readonly #responder: Responder;
  readonly #keys: KeyQueries;
  readonly #receiver: Receiver;
  readonly #asker: Asker;
  readonly #nameVote: NameVote;
  /** The Lamport times of the host's running queries, by the host's number. */
  readonly #asked = new Map<number, bigint>();

  constructor(
    context: SerfContext,
    members: SerfMembers,
    queues: SerfQueues,
    swim: Swim,
    options: QueriesOptions,
  ) {
    this.#context = context;
    this.#swim = swim;
    this.#collector = new Collector(context, members, options.matchPattern);
    this.#responder = new Responder(context, members, this.#collector, swim);
    this.#keys = new KeyQueries(context, this.#responder, options.keysAreStored);
    const internal = new InternalQueries(context, members, this.#responder, this.#keys);
    this.#receiver = new Receiver(context, this.#responder, internal, options);
    this.#asker = new Asker(context, queues, swim, {
      collector: this.#collector,
      receiver: this.#receiver,
    });
    this.#nameVote = new NameVote(context, this.#asker, swim);
  }

  /**
   * Asks a query under a number of the host; replies and the end become effects with this number.
   * Throws SerfError (ERR_LIMIT) if the query is too large or too many are running, and (ERR_STATE)
   * if this node uses a protocol without queries; then nothing happened.
   */
  ask(now: number, query: number, question: Question): void {
    beginInput(this.#context, now);
    const { outbox } = this.#context;
    let ended = false;
    const lamportTime = this.#asker.ask(now, question, {
      reply: (_now, reply) => outbox.push({ kind: "reply", query, ...reply }),
      ended: (_now, missing) => {
        ended = true;
        this.#asked.delete(query);
        outbox.push({ kind: "queryEnd", query, missing });
      },
    });
    if (!ended) this.#asked.set(query, lamportTime);
  }

  /** Ends a query of the host early; does nothing if it is over already. */
  end(now: number, query: number): void {
    beginInput(this.#context, now);
    const lamportTime = this.#asked.get(query);
    if (lamportTime !== undefined) this.#collector.end(now, lamportTime);
  }

  /** Ends a query of this node whose deadline has passed. */
  expired(now: number, lamportTime: bigint): void {
    this.#collector.end(now, lamportTime);
  }

  /** Handles a query from the network. Returns true if it is new and has to be broadcast again. */
  receive(now: number, message: QueryMessage): boolean {
    return this.#receiver.receive(now, message);
  }

  /** Handles a reply to a query of this node. */
  receiveReply(now: number, message: QueryResponseMessage): void {
    this.#collector.receive(now, message);
  }

  /** Forwards a reply that another member sends through this node. */
  relay({ address, port, inner }: RelayMessage): void {
    if (addressFault(address) !== undefined || port === 0) return;
    const to = { host: formatAddress(address), port };
    log(this.#context, "DEBUG", `Relaying response to addr: ${joinHostPort(to.host, to.port)}`);
    this.#swim.sendUser(to, inner);
  }

  /**
   * Sends the answer of a user. Throws SerfError (ERR_LIMIT) if it is too large, (ERR_STATE) if the
   * query was answered already, and (ERR_TIMEOUT) past the deadline.
   */
  respond(now: number, query: ReceivedQuery, payload: Uint8Array): void {
    beginInput(this.#context, now);
    this.#responder.respond(now, query, payload);
  }

  /**
   * Reports that the keyring file of the effect `storeKeys` with this number was written, or could
   * not be for the reason `error`.
   */
  keysStored(now: number, write: number, error: string | undefined): void {
    beginInput(this.#context, now);
    this.#keys.stored(now, write, error);
  }

  /** The regular-expression engine has loaded: evaluates the queries that were held for it. */
  patternsLoaded(now: number): void {
    beginInput(this.#context, now);
    this.#receiver.patternsLoaded(now);
    this.#collector.patternsLoaded(now);
  }

  /**
   * Ends the queries to which all remaining members have replied; call it when members are gone.
   */
  membersChanged(now: number): void {
    this.#collector.membersChanged(now);
  }

  /** Handles that another node claims `name`. If it is our name, the cluster votes. */
  nameClaimed(now: number, name: string, mine: string, theirs: Address): void {
    this.#nameVote.claimed(now, name, mine, theirs);
  }

  /** Ignores queries before `time`, because they were asked before this node restarted. */
  ignoreBefore(time: bigint): void {
    this.#receiver.ignoreBefore(time);
  }
}
