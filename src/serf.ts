import type { Member, SerfEvent } from "./core/serf/member.ts";
import type { SerfOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/** Where a node is in its life. */
export type SerfState = "alive" | "leaving" | "left" | "shutdown";

/** A consumer that did not keep up: `count` events were dropped before this point. */
export interface LaggedEvent {
  readonly type: "lagged";
  readonly count: number;
}

/** A member of a cluster. */
export declare class Serf implements AsyncDisposable {
  private constructor();
  /** Starts a node: binds UDP and TCP. Rejects with a SerfError whose message is Serf's own text. */
  static start(options: SerfOptions, runtime: Runtime): Promise<Serf>;
  /** All known members in every status, frozen. */
  members(): readonly Member[];
  /** This node. */
  get local(): Member;
  get name(): string;
  get state(): SerfState;
  get encrypted(): boolean;
  /** Settles when the node has stopped, by `shutdown()` or by itself; the value says why. */
  readonly stopped: Promise<string>;
  /**
   * Joins through `host`, `host:port` or `name/host:port`. Returns how many addresses worked; rejects (ERR_JOIN) when none did, with
   * the multi-line text of the original ("2 errors occurred:\n\t* failed to join ..."). `replay` false ignores old user events.
   */
  join(addresses: readonly string[], options?: { replay?: boolean; signal?: AbortSignal }): Promise<number>;
  /** Says goodbye. ERR_STATE `Leave already in progress` / `Leave called after Shutdown`. */
  leave(): Promise<void>;
  /** Stops without a word. Idempotent. */
  shutdown(): Promise<void>;
  /** Marks a failed member as left, or erases it. ERR_TIMEOUT `timed out broadcasting node removal`. */
  removeFailedNode(name: string, options?: { prune?: boolean }): Promise<void>;
  /** Replaces all tags. ERR_LIMIT `Encoded length of tags exceeds limit of 512 bytes`; ERR_TIMEOUT `timeout waiting for update broadcast`. */
  setTags(tags: Readonly<Record<string, string>>): Promise<void>;
  /** Serf's own stats keys (members, failed, left, health_score, member_time, ...), in the original's spelling. */
  stats(): Record<string, string>;
  /** Events from now on, through a bounded queue (default 1024). */
  events(options?: {
    signal?: AbortSignal;
    capacity?: number;
  }): AsyncIterableIterator<SerfEvent | LaggedEvent>;
  [Symbol.asyncDispose](): Promise<void>;
}
