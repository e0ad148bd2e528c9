/**
 * Queries of the library itself (serf `serfQueries`): answered here, never shown to users.
 */

import type { Outbox } from "../../effects.ts";
import type { SerfEvent } from "../api.ts";
import type { KeyQueries } from "./key_queries.ts";
import type { Conflicts } from "./name_vote.ts";
import type { ReceivedQuery } from "./received.ts";

/** Who answers what. */
export interface InternalQueriesParts {
  readonly outbox: Outbox<SerfEvent>;
  readonly conflicts: Conflicts;
  readonly keys: KeyQueries;
}

/** Routes internal queries. */
export class InternalQueries {
  readonly #parts: InternalQueriesParts;

  constructor(parts: InternalQueriesParts) {
    this.#parts = parts;
  }

  /** Handles a query; `name` is without its prefix. */
  handle(now: number, query: ReceivedQuery, name: string): void {
    const { outbox, conflicts, keys } = this.#parts;
    switch (name) {
      case "ping":
        return;
      case "conflict":
        conflicts.answer(now, query);
        return;
      case "install-key":
        keys.handle(now, query, "install");
        return;
      case "use-key":
        keys.handle(now, query, "use");
        return;
      case "remove-key":
        keys.handle(now, query, "remove");
        return;
      case "list-keys":
        keys.handle(now, query, "list");
        return;
      default:
        outbox.log("WARN", "serf", `Unhandled internal query '${name}'`);
    }
  }
}
