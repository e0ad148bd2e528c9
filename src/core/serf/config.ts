/**
 * Settings of Serf's own layer, with the original's defaults (serf `DefaultConfig`). Names carry their unit.
 */

import type { Tags } from "./wire/tags.ts";

/** Settings of {@link SerfCore}; checked by whoever builds them. */
export interface SerfConfig {
  /** Unique name of this node. */
  readonly name: string;
  /** Tags at start. */
  readonly tags: Tags;
  /** Serf protocol to speak, 2 to 5. */
  readonly protocol: number;
  /** Longest wait for a broadcast to spread. */
  readonly broadcastTimeoutMs: number;
  /** How long a leaving node stays to pass on its goodbye. */
  readonly leavePropagateDelayMs: number;
  readonly reapIntervalMs: number;
  readonly reconnectIntervalMs: number;
  /** Failed members are forgotten after this, members that left after the next. */
  readonly reconnectTimeoutMs: number;
  readonly tombstoneTimeoutMs: number;
  /** Intents about unknown names are remembered for this long. */
  readonly recentIntentTimeoutMs: number;
  readonly queueCheckIntervalMs: number;
  readonly queueDepthWarning: number;
  readonly queueDepthMax: number;
  /** Lamport times of user events and of queries that are remembered to drop duplicates. */
  readonly eventBuffer: number;
  readonly queryBuffer: number;
  /** Member events are held until none came for the second time, or for the first at most; 0 holds none. */
  readonly coalesceMs: number;
  readonly quiescentMs: number;
  /** The same for user events that allow it. */
  readonly userCoalesceMs: number;
  readonly userQuiescentMs: number;
  /** Whether a node that left and starts again returns to its cluster. */
  readonly rejoinAfterLeave: boolean;
  /** Most bytes of a user event, of a query and of an answer, each as encoded; {@link userEventSizeMax} bounds the first. */
  readonly userEventSizeLimit: number;
  readonly querySizeLimit: number;
  readonly queryResponseSizeLimit: number;
  /** Default time of a query: this times the gossip interval times ceil(log10(n + 1)). */
  readonly queryTimeoutMult: number;
  /** Whether the cluster votes when another node has our name; the loser stops. */
  readonly enableNameConflictResolution: boolean;
  /** Whether names are limited to 128 letters, digits, dashes and dots. */
  readonly validateNodeNames: boolean;
}

/** No configuration allows larger user events. */
export const userEventSizeMax = 9216;

/** Serf protocol versions that we understand. */
export const serfProtocolRange = { min: 2, max: 5, default: 5 } as const;

/** Serf's defaults; name and tags are the node's own. */
export const serfDefaults: Omit<SerfConfig, "name" | "tags"> = {
  protocol: serfProtocolRange.default,
  broadcastTimeoutMs: 5_000,
  leavePropagateDelayMs: 1_000,
  reapIntervalMs: 15_000,
  reconnectIntervalMs: 30_000,
  reconnectTimeoutMs: 24 * 3_600_000,
  tombstoneTimeoutMs: 24 * 3_600_000,
  recentIntentTimeoutMs: 300_000,
  queueCheckIntervalMs: 30_000,
  queueDepthWarning: 128,
  queueDepthMax: 4_096,
  eventBuffer: 512,
  queryBuffer: 512,
  coalesceMs: 0,
  quiescentMs: 0,
  userCoalesceMs: 0,
  userQuiescentMs: 0,
  rejoinAfterLeave: false,
  userEventSizeLimit: 512,
  querySizeLimit: 1024,
  queryResponseSizeLimit: 1024,
  queryTimeoutMult: 16,
  enableNameConflictResolution: true,
  validateNodeNames: false,
};

/** Named maxima of Serf's layer. */
export const SerfLimits = {
  /** Intents about unknown names that are remembered. */
  recentIntents: 4_096,
  /** Different events or queries of one Lamport time. */
  entriesPerTime: 256,
  /** Bytes of a name in an intent. */
  name: 255,
  /** Queries of this node that run at once. */
  runningQueries: 1_024,
  /** Queries that wait for the engine of their tag expressions. */
  heldQueries: 256,
  /** Elements of a query's filter list, and names in one of them. */
  filters: 256,
  filterNames: 4_096,
  /** Key changes that wait for their file to be written. */
  keyChanges: 64,
} as const;
