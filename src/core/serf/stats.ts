/**
 * Statistics of a node under the original's names (serf `Stats`).
 */

import type { SerfMembers } from "./members/members.ts";
import type { Clocks } from "./push_pull.ts";
import type { SerfQueues } from "./queues.ts";

/** What the statistics are drawn from. */
export interface StatisticsParts {
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  readonly clocks: Clocks;
  readonly healthScore: number;
  readonly coordinateResets: number;
  readonly encrypted: boolean;
}

/** All values as text, as RPC clients expect them. */
export function statistics(parts: StatisticsParts): Record<string, string> {
  const { members, queues, clocks, healthScore, coordinateResets, encrypted } = parts;
  return {
    members: String(members.count),
    failed: String(members.withStatus("failed").length),
    left: String(members.withStatus("left").length),
    health_score: String(healthScore),
    member_time: String(clocks.members.time),
    event_time: String(clocks.events.time),
    query_time: String(clocks.queries.time),
    intent_queue: String(queues.intents.length),
    event_queue: String(queues.events.length),
    query_queue: String(queues.queries.length),
    encrypted: String(encrypted),
    coordinate_resets: String(coordinateResets),
  };
}
