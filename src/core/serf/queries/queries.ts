/**
 * Queries, as the rest of a node sees them: asked, received, answered, collected. What lies behind
 * this facade is private to the room.
 */

import { formatAddress, joinHostPort } from "../../../net/address.ts";
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

/** What queries need of the host. */
export interface QueriesOptions extends QueryHost {
  /** Whether changes of keys are written to a file. */
  readonly keysAreStored: boolean;
}

/** All queries of one node. */
export class Queries {
  readonly #context: SerfContext;
  readonly #swim: Swim;
  readonly #collector: Collector;
  readonly #responder: Responder;
  readonly #keys: KeyQueries;
  readonly #receiver: Receiver;
  readonly #asker: Asker;
  readonly #nameVote: NameVote;
  /** Lamport times of queries that the host asked, by the host's number. */
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
    this.#nameVote = new NameVote(context, this.#asker);
  }

  /**
   * Asks a query under the host's number; replies and the end become effects. Throws SerfError
   * (ERR_LIMIT, ERR_STATE); then nothing happened.
   */
  ask(now: number, query: number, question: Question): void {
    beginInput(this.#context, now);
    const { outbox } = this.#context;
    let over = false;
    const lamportTime = this.#asker.ask(now, question, {
      reply: (_now, reply) => outbox.push({ kind: "reply", query, ...reply }),
      ended: (_now, missing) => {
        over = true;
        this.#asked.delete(query);
        outbox.push({ kind: "queryEnd", query, missing });
      },
    });
    if (!over) this.#asked.set(query, lamportTime);
  }

  /** Ends a query of the host before its time; one that is over already is left alone. */
  end(now: number, query: number): void {
    beginInput(this.#context, now);
    const lamportTime = this.#asked.get(query);
    if (lamportTime !== undefined) this.#collector.end(now, lamportTime);
  }

  /** The deadline of a query of our own has passed. */
  expired(now: number, lamportTime: bigint): void {
    this.#collector.end(now, lamportTime);
  }

  /** Takes a query from the network. Returns whether it is new and has to be passed on. */
  receive(now: number, message: QueryMessage): boolean {
    return this.#receiver.receive(now, message);
  }

  /** Takes a reply to a query of our own. */
  receiveReply(now: number, message: QueryResponseMessage): void {
    this.#collector.receive(now, message);
  }

  /** Passes on a reply that another member sent through us. */
  relay({ address, port, inner }: RelayMessage): void {
    if (addressFault(address) !== undefined || port === 0) return;
    const to = { host: formatAddress(address), port };
    log(this.#context, "DEBUG", `Relaying response to addr: ${joinHostPort(to.host, to.port)}`);
    this.#swim.sendUser(to, inner);
  }

  /**
   * Sends the answer of a user. Throws SerfError: ERR_LIMIT if it is too large, ERR_STATE if the
   * query was answered already, ERR_TIMEOUT past the deadline.
   */
  respond(now: number, query: ReceivedQuery, payload: Uint8Array): void {
    beginInput(this.#context, now);
    this.#responder.respond(now, query, payload);
  }

  /** The keyring file of write number `write` was written, or could not be, for the reason `error`. */
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

  /** Members have gone: those who remain may all have replied. */
  membersChanged(now: number): void {
    this.#collector.membersChanged(now);
  }

  /** Another node claims `name`; if it is ours, the cluster votes. */
  nameClaimed(now: number, name: string, mine: string, theirs: string): void {
    this.#nameVote.claimed(now, name, mine, theirs);
  }

  /** Refuses queries from before `time`, which belong to an earlier life. */
  ignoreBefore(time: bigint): void {
    this.#receiver.ignoreBefore(time);
  }
}
