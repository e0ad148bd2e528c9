/**
 * Serf's three broadcast queues, in the order in which they fill a packet: intents, queries, events
 * (serf `GetBroadcasts`).
 */

import type { Side } from "../swim/gossip/ring.ts";
import { type Addressee, Broadcasts } from "../swim/queue/broadcasts.ts";
import type { Tally } from "../swim/queue/tally.ts";
import { Limits } from "../wire/limits.ts";
import type { SerfContext } from "./context.ts";
import { log } from "./context.ts";

/** After this many checks the warning about a queue that stays long is repeated. */
const warnAgainAfter = 10;

/** What the queues need; the functions are called at every use. */
export interface QueueSizes {
  /** Returns the number of members in all statuses. */
  readonly memberCount: () => number;
  /** Returns the size of the largest message that fits a gossip packet, in bytes. */
  readonly room: () => number;
  /** memberlist's `RetransmitMult`. */
  readonly retransmitMult: number;
  /** Whether messages are sent more often in small clusters. */
  readonly smallClusters: boolean;
  /** Counts what waits in all queues of the node. */
  readonly tally: Tally;
}

/** The queues of intents, queries and events. */
export class SerfQueues {
  readonly intents: Broadcasts;
  readonly queries: Broadcasts;
  readonly events: Broadcasts;
  readonly #context: SerfContext;
  readonly #all: readonly Broadcasts[];
  readonly #depths: readonly QueueDepth[];

  constructor(context: SerfContext, { retransmitMult, smallClusters, memberCount, room, tally }: QueueSizes) {
    const options = {
      retransmitMult,
      smallClusters,
      nodeCount: memberCount,
      lengthMax: () => context.config.queueDepthMax,
      sizeMax: room,
      tally,
    };
    this.intents = new Broadcasts(options);
    this.queries = new Broadcasts({ ...options, oldestFirst: true });
    this.events = new Broadcasts({ ...options, oldestFirst: true });
    // The order in which they fill a packet.
    this.#all = [this.intents, this.queries, this.events];
    this.#context = context;
    const warn = (text: string): void => log(context, "WARN", text);
    this.#depths = [
      new QueueDepth("Intent", this.intents, warn),
      new QueueDepth("Event", this.events, warn),
      new QueueDepth("Query", this.queries, warn),
    ];
  }

  /** Returns the messages for the rest of a packet; see `Application.broadcasts`. */
  fetch(overhead: number, limit: number, to: Addressee = {}): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let free = limit;
    for (const queue of this.#all) {
      const countMax = Limits.parts - taken.length;
      const messages = queue.fetch({ ...to, overhead, limit: free, countMax });
      for (const message of messages) {
        free -= message.length + overhead;
        this.#context.outbox.meter?.sample("serf.msgs.sent", message.length);
      }
      taken.push(...messages);
    }
    return taken;
  }

  /** Forgets the messages that a neighbour on the ring has not been told yet. */
  forgive(side: Side): void {
    for (const queue of this.#all) queue.forgive(side);
  }

  /** Logs warnings about queues that are long or had to drop messages. */
  check(): void {
    const { config, outbox } = this.#context;
    for (const depth of this.#depths) {
      outbox.meter?.sample(`serf.queue.${depth.name}`, depth.length);
      depth.check(config.queueDepthWarning, config.queueDepthMax);
    }
  }
}

/** Warns about one queue, but not at every check while it stays long. */
class QueueDepth {
  readonly name: string;
  readonly #queue: Broadcasts;
  readonly #warn: (text: string) => void;
  #warnedAt = 0;
  #silentChecks = 0;
  #dropped = 0;

  constructor(name: string, queue: Broadcasts, warn: (text: string) => void) {
    this.name = name;
    this.#queue = queue;
    this.#warn = warn;
  }

  get length(): number {
    return this.#queue.length;
  }

  check(warning: number, max: number): void {
    const { length, dropped } = this.#queue;
    if (dropped > this.#dropped && length >= max) {
      const wouldBe = length + dropped - this.#dropped;
      this.#warn(`${this.name} queue depth (${wouldBe}) exceeds limit (${max}), dropping messages!`);
    }
    this.#dropped = dropped;
    if (length < warning) {
      this.#warnedAt = 0;
      return;
    }
    this.#silentChecks += 1;
    if (this.#warnedAt > 0 && length < 2 * this.#warnedAt && this.#silentChecks < warnAgainAfter) return;
    this.#warnedAt = length;
    this.#silentChecks = 0;
    this.#warn(`${this.name} queue depth: ${length}`);
  }
}
