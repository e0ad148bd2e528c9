/**
 * What the RPC server needs of an agent. The agent implements it; tests implement it in a few lines.
 */

import type { Coordinate } from "../../core/coordinate/coordinate.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { KeyOperation, Member } from "../../core/serf/api.ts";
import type { MemberFilter, QueryRequest } from "../protocol.ts";
import type { KeyReport, QueryReplies } from "../results.ts";
import type { MonitoredLine } from "./subscriptions.ts";

/** Sections of named values, the answer to `stats`. */
export type Stats = ReadonlyMap<string, ReadonlyMap<string, string>>;

export type { KeyOperation } from "../../core/serf/api.ts";

/** What clients ask of the whole cluster. What is thrown becomes the error text of the answer. */
export interface ClusterService {
  event(name: string, payload: Uint8Array, coalesce: boolean): void;
  /**
   * Replies as they come, until everybody who should reply has or the query's time is over. Leaving
   * the loop ends the query.
   */
  query(request: QueryRequest): QueryReplies;
  /**
   * Changes or lists keys; a listing takes no key. Rejects with RpcKeyError unless every member did
   * as asked.
   */
  keys(operation: KeyOperation, key: string): Promise<KeyReport>;
  coordinate(node: string): Coordinate | undefined;
}

/** An agent as its RPC clients see it. A rejected promise becomes the error text of the answer. */
export interface AgentService {
  /** Returns how many addresses could be joined; rejects if none could. */
  join(addresses: readonly string[], replay: boolean): Promise<number>;
  leave(): Promise<void>;
  /** Called after `leave` was answered, also when it failed. */
  shutdown(): Promise<void>;
  forceLeave(node: string, prune: boolean): Promise<void>;
  /** Removes, then sets. */
  updateTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void>;
  /** The members are frozen: one that has changed is another object. */
  members(): readonly Member[];
  /** Rejects when an expression cannot be compiled; the client's connection is then closed. */
  membersFiltered(filter: MemberFilter): Promise<readonly Member[]>;
  stats(): Stats;
  readonly cluster: ClusterService;
  /** Buffered log lines, oldest first. */
  recentLines(): readonly MonitoredLine[];
  log(level: LogLevel, text: string): void;
}
