/**
 * What the RPC server needs of an agent. The agent implements it; tests implement it in a few lines.
 */

import type { LogLevel } from "../core/effects.ts";
import type { Member } from "../core/serf/member.ts";
import type { MemberFilter } from "./protocol.ts";
import type { MonitoredLine } from "./subscriptions.ts";

/** Sections of named values, as `stats` answers them. */
export type Stats = ReadonlyMap<string, ReadonlyMap<string, string>>;

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
  /** Buffered log lines, oldest first. */
  recentLines(): readonly MonitoredLine[];
  log(level: LogLevel, text: string): void;
}
