/**
 * Statistics of a node under Serf's names (serf `Stats`).
 */

import type { Swim } from "../swim/swim.ts";
import type { SerfContext } from "./context.ts";
import type { PingCoordinates } from "./coordinates.ts";
import type { SerfMembers } from "./members/members.ts";
import type { SerfQueues } from "./queues.ts";

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
    failed: String(members.withStatus("failed").length),
    left: String(members.withStatus("left").length),
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
