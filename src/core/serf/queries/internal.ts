/**
 * Internal queries: the node answers them itself, and users do not receive them (serf
 * `internal_query.go`).
 */

import { SerfError } from "../../../errors.ts";
import { decodeUtf8, noBytes } from "../../bytes.ts";
import { log, type SerfContext } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import { encodeConflictResponse } from "../wire/conflict_messages.ts";
import type { KeyQueries } from "./key_queries.ts";
import type { ReceivedQuery } from "./received.ts";
import type { Responder } from "./responder.ts";

/** Passes key queries on and answers the other internal queries. */
export class InternalQueries {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #responder: Responder;
  readonly #keys: KeyQueries;

  constructor(context: SerfContext, members: SerfMembers, responder: Responder, keys: KeyQueries) {
    this.#context = context;
    this.#members = members;
    this.#responder = responder;
    this.#keys = keys;
  }

  /** Handles an internal query. `name` is without the prefix `_serf_`. */
  handle(now: number, query: ReceivedQuery, name: string): void {
    switch (name) {
      case "ping":
        return;
      case "conflict":
        this.#voteOnName(now, query);
        return;
      case "install-key":
        this.#keys.handle(now, query, "install");
        return;
      case "use-key":
        this.#keys.handle(now, query, "use");
        return;
      case "remove-key":
        this.#keys.handle(now, query, "remove");
        return;
      case "list-keys":
        this.#keys.handle(now, query, "list");
        return;
      default:
        log(this.#context, "WARN", `Unhandled internal query '${name}'`, "query");
    }
  }

  /**
   * Answers with the member that this node knows under the name. A node does not vote on its own
   * name.
   */
  #voteOnName(now: number, query: ReceivedQuery): void {
    const name = decodeUtf8(query.message.payload ?? noBytes);
    if (name === this.#context.config.name) return;
    log(this.#context, "DEBUG", `Got conflict resolution query for '${name}'`);
    try {
      this.#responder.respond(now, query, encodeConflictResponse(this.#members.find(name)));
    } catch (error) {
      if (!(error instanceof SerfError)) throw error;
      log(this.#context, "ERR", `Failed to respond to conflict query: ${error.message}`, "query");
    }
  }
}
