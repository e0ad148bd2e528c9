/**
 * Settings of Serf's layer, with the defaults of Serf (serf `DefaultConfig`). Names carry their
 * unit.
 */

import type { Tags } from "./wire/tags.ts";

/** Settings of {@link SerfCore}. The caller has to check them. */
export interface SerfConfig {
  /** The name of this node, unique in the cluster. */
  readonly name: string;
  /** The tags at the start. */
  readonly tags: Tags;
  /** The version of Serf's protocol for outgoing messages, 2 to 5. */
  readonly protocol: number;
  /** How long to wait for a broadcast to be sent often enough. */
  readonly broadcastTimeoutMs: number;
  /** How long a node that has left still runs, so that its leave can spread. */
  readonly leavePropagateDelayMs: number;
  readonly reapIntervalMs: number;
  readonly reconnectIntervalMs: number;
  /** How long failed members are remembered. */
  readonly reconnectTimeoutMs: number;
  /** How long members that left are remembered. */
  readonly tombstoneTimeoutMs: number;
  /** How long intents about unknown names are remembered. */
  readonly recentIntentTimeoutMs: number;
  readonly queueCheckIntervalMs: number;
  /** The length of a broadcast queue above which a warning is logged. */
  readonly queueDepthWarning: number;
  /** The length of a broadcast queue above which messages are dropped. */
  readonly queueDepthMax: number;
  /** How many Lamport times of user events are remembered, to drop duplicates. */
  readonly eventBuffer: number;
  /** How many Lamport times of queries are remembered, to drop duplicates. */
  readonly queryBuffer: number;
  /** How long member events are held to be merged, at most; 0 holds none. */
  readonly coalesceMs: number;
  /** Held member events go out earlier if none came for this long. */
  readonly quiescentMs: number;
  /** How long user events that allow it are held to be merged, at most; 0 holds none. */
  readonly userCoalesceMs: number;
  /** Held user events go out earlier if none came for this long. */
  readonly userQuiescentMs: number;
  /** Whether a node that left joins its cluster again when it is restarted. */
  readonly rejoinAfterLeave: boolean;
  /** The maximum size of an encoded user event in bytes, at most {@link userEventSizeMax}. */
  readonly userEventSizeLimit: number;
  /** The maximum size of an encoded query in bytes. */
  readonly querySizeLimit: number;
  /** The maximum size of an encoded answer in bytes. */
  readonly queryResponseSizeLimit: number;
  /** The default time of a query is this times the gossip interval times ceil(log10(n + 1)). */
  readonly queryTimeoutMult: number;
  /** Whether the cluster votes if another node has our name; the loser stops. */
  readonly enableNameConflictResolution: boolean;
  /** Whether names are limited to 128 letters, digits, dashes and dots. */
  readonly validateNodeNames: boolean;
}

/**
 * The maximum size of an encoded user event in bytes, whatever is configured (serf
 * `UserEventSizeLimit`).
 */
export const userEventSizeMax = 9216;

/** The versions of Serf's protocol that this program supports. */
export const serfProtocolRange = { min: 2, max: 5, default: 5 } as const;

/** The defaults of Serf. Name and tags have none. */
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

/** The limits of Serf's layer: no peer and no caller can make a table grow beyond them. */
export const SerfLimits = {
  /** Remembered intents about unknown names. */
  recentIntents: 4_096,
  /** Members that failed or left. */
  goneMembers: 65_536,
  /** Bytes of names and Lamport times of members in one push/pull. */
  sharedNameBytes: 8_388_608,
  /** Events, or queries, of one Lamport time. */
  entriesPerTime: 256,
  /**
   * Bytes of all remembered user events: those of 512 Lamport times, the default of `eventBuffer`,
   * with one event of {@link userEventSizeMax} each. A push/pull contains all of them.
   */
  eventBytes: 5_242_880,
  /** Queries of this node that run at the same time. */
  runningQueries: 1_024,
  /** Received queries that wait until the regular-expression engine has loaded. */
  heldQueries: 256,
  /** Filters of one query. */
  filters: 256,
  /** Characters of all tag expressions of one query. */
  expressionsSize: 4_096,
  /** Their cost as {@link patternCost} estimates it: about the instructions of their programs. */
  expressionsCost: 2_000,
  /** Their cost times the characters that they are matched against. */
  expressionsSteps: 262_144,
  /** Names in one filter. */
  filterNames: 4_096,
  /** Key changes that wait until the keyring file is written. */
  keyChanges: 64,
} as const;
