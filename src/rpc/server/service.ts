/**
 * What the RPC server needs of an agent. The agent implements it; tests implement it in a few lines.
 */

import type { Coordinate } from "../../core/coordinate/coordinate.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { Member } from "../../core/serf/api.ts";
import type { MemberFilter, QueryRequest } from "../protocol.ts";
import type { KeyReport, QueryRecord } from "../results.ts";
import type { MonitoredLine } from "./subscriptions.ts";

/** Sections of named values, as `stats` answers them. */
export type Stats = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What is to be done with a key; a listing has none. */
export type KeyCommand = "install" | "use" | "remove" | "list";

/** How a key command ended; `error` is empty when every member did as asked. */
export interface KeyOutcome {
  readonly error: string;
  readonly report: KeyReport;
}

/** What clients ask of the whole cluster. What is thrown becomes the error text of the answer. */
export interface ClusterService {
  event(name: string, payload: Uint8Array, coalesce: boolean): void;
  /** Replies as they come; ends at the query's deadline. Leaving the loop ends the query. */
  query(request: QueryRequest): AsyncIterableIterator<QueryRecord>;
  /** Never rejects. */
  keys(command: KeyCommand, key: string): Promise<KeyOutcome>;
  coordinate(node: string): Coordinate | undefined;
}

/** An agent as its RPC clients see it. A rejected promise becomes the error text of the answer. */
export interface AgentService {
  /** Answers how many addresses worked; rejects when none did. */
  join(addresses: readonly string[], replay: boolean): Promise<number>;
  leave(): Promise<void>;
  /** Called after `leave` was answered, also when it failed. */
  shutdown(): Promise<void>;
  forceLeave(node: string, prune: boolean): Promise<void>;
  /** Removes, then sets. */
  updateTags(set: ReadonlyMap<string, string>, remove: readonly string[]): Promise<void>;
  members(): readonly Member[];
  /** Rejects when an expression cannot be compiled; the client's connection is then closed. */
  membersFiltered(filter: MemberFilter): Promise<readonly Member[]>;
  stats(): Stats;
  readonly cluster: ClusterService;
  /** Buffered log lines, oldest first. */
  recentLines(): readonly MonitoredLine[];
  log(level: LogLevel, text: string): void;
}
