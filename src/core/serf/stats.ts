/**
 * What can be seen of a running node: statistics under Serf's names (serf `Stats`), and a view into
 * it for the checkers of simulated clusters. A node that is not looked at spends nothing on it.
 */

import type { Load, SwimLoad } from "../swim/load.ts";
import type { Node } from "../swim/members.ts";
import type { Broadcasts } from "../swim/queue/broadcasts.ts";
import type { Swim } from "../swim/swim.ts";
import type { SerfContext } from "./context.ts";
import type { PingCoordinates } from "./coordinates.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { Clocks } from "./lamport.ts";
import type { SerfMembers } from "./members/members.ts";
import type { SerfQueues } from "./queues.ts";
import type { Tags } from "./wire/tags.ts";

/** The parts that statistics are about. */
export interface StatisticsSources {
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  readonly coordinates: PingCoordinates;
  readonly swim: Swim;
}

/** Returns all statistics, as text, because RPC clients expect text. */
export function statistics(context: SerfContext, sources: StatisticsSources): Record<string, string> {
  const { clocks, codec } = context;
  const { members, queues, coordinates, swim } = sources;
  return {
    members: String(members.count),
    failed: String(members.countOf("failed")),
    left: String(members.countOf("left")),
    health_score: String(swim.healthScore),
    member_time: String(clocks.members.time),
    event_time: String(clocks.events.time),
    query_time: String(clocks.queries.time),
    intent_queue: String(queues.intents.length),
    event_queue: String(queues.events.length),
    query_queue: String(queues.queries.length),
    encrypted: String(codec.encrypted),
    coordinate_resets: String(coordinates.resets),
  };
}

/** What a node holds at one time. */
export interface NodeLoad extends SwimLoad {
  readonly intents: Load;
  readonly queries: Load;
  readonly events: Load;
}

/** A view into one node. */
export class Inspection {
  readonly #context: SerfContext;
  readonly #swim: Swim;
  readonly #queues: SerfQueues;
  readonly #events: UserEvents;

  constructor(context: SerfContext, swim: Swim, queues: SerfQueues, events: UserEvents) {
    this.#context = context;
    this.#swim = swim;
    this.#queues = queues;
    this.#events = events;
  }

  /** User events before this Lamport time are ignored: they were sent before the node joined or restarted. */
  get eventsIgnoredBefore(): bigint {
    return this.#events.ignoredBefore;
  }

  /** The Lamport clocks. */
  get clocks(): Readonly<Clocks> {
    return this.#context.clocks;
  }

  /** The tags that this node announces. */
  get tags(): Tags {
    return this.#context.local.tags;
  }

  /** The health score of Lifeguard; 0 is healthy. */
  get awareness(): number {
    return this.#swim.healthScore;
  }

  /** Returns what the membership layer knows of a node, or `undefined`. */
  node(name: string): Node | undefined {
    return this.#swim.find(name);
  }

  /**
   * Calls `changed` from now on with every node that is new to the membership layer, or whose status
   * or incarnation was set. There is one such function at a time.
   */
  watch(changed: (node: Node) => void): void {
    this.#swim.watch(changed);
  }

  /** Measures what the node holds. Walks over everything that is queued. */
  load(): NodeLoad {
    const { intents, queries, events } = this.#queues;
    const { broadcasts, exchanges, timers } = this.#swim.load;
    return {
      broadcasts,
      exchanges,
      timers: timers + this.#context.timers.size,
      intents: loadOf(intents),
      queries: loadOf(queries),
      events: loadOf(events),
    };
  }
}

function loadOf({ length, bytes }: Broadcasts): Load {
  return { length, bytes };
}
