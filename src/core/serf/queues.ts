/**
 * Serf's three broadcast queues, in the order in which they fill a packet: intents, queries, events (serf `GetBroadcasts`).
 */

import type { Outbox } from "../effects.ts";
import { Broadcasts } from "../swim/broadcasts.ts";
import { SwimLimits } from "../swim/config.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfEvent } from "./member.ts";

/** Intents, queries and events on their way. */
export class SerfQueues {
  readonly intents: Broadcasts;
  readonly queries: Broadcasts;
  readonly events: Broadcasts;
  readonly #config: SerfConfig;
  readonly #outbox: Outbox<SerfEvent>;

  /** `memberCount` counts members of all statuses. */
  constructor(
    config: SerfConfig,
    outbox: Outbox<SerfEvent>,
    retransmitMult: number,
    memberCount: () => number,
  ) {
    const options = { retransmitMult, nodeCount: memberCount, lengthMax: () => config.queueDepthMax };
    this.intents = new Broadcasts(options);
    this.queries = new Broadcasts(options);
    this.events = new Broadcasts(options);
    this.#config = config;
    this.#outbox = outbox;
  }

  /** Takes what fits into a packet; see `Application.broadcasts`. */
  fetch(overhead: number, limit: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let free = limit;
    for (const queue of [this.intents, this.queries, this.events]) {
      const messages = queue.fetch(overhead, free, SwimLimits.compoundParts - taken.length);
      for (const message of messages) free -= message.length + overhead;
      taken.push(...messages);
    }
    return taken;
  }

  /** Warns of queues that grow long. */
  check(): void {
    const queues = { Intent: this.intents, Event: this.events, Query: this.queries };
    for (const [name, queue] of Object.entries(queues)) {
      if (queue.length >= this.#config.queueDepthWarning) {
        this.#outbox.log("WARN", "serf", `${name} queue depth: ${queue.length}`);
      }
    }
  }
}
