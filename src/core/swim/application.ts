/**
 * The calls from the membership layer to the layer above (memberlist's delegates). All are
 * synchronous, except that jobs go in slices. An implementation may push effects, but must not call back into Swim from `joined`,
 * `left` and `updated`.
 */

import type { Address } from "../../runtime.ts";
import type { Job, Turn } from "../jobs.ts";
import type { Row } from "../rows.ts";
import type { Alive, NodeState } from "../wire/messages.ts";
import type { Side } from "./gossip/ring.ts";
import type { Identity } from "./identity.ts";
import type { Addressee } from "./queue/broadcasts.ts";

/** The push/pull that a state comes from. */
export interface StateExchange {
  /** Whether it is part of a join. */
  readonly join: boolean;
  /** Whether this node began it, so that the state is the reply. */
  readonly reply: boolean;
}

/** Implemented by the layer above Swim. */
export interface Application {
  /**
   * Returns the metadata for our own alive message, at most 512 bytes; `null` for nil on the wire.
   */
  meta(): Uint8Array | null;
  /**
   * Called with the user messages of one packet or stream, in its order. The bytes belong to the
   * receiver. A sender may have put the newest first, so the receiver must not trust the order.
   */
  messages(now: number, from: Address, payloads: readonly Uint8Array[]): void;
  /**
   * Returns messages to fill the rest of a packet. The sum of their lengths, plus `overhead` for
   * each, stays within `limit`. `to` restricts them to what is meant for one receiver.
   */
  broadcasts(overhead: number, limit: number, to?: Addressee): Uint8Array[];
  /** Forgets the messages that a neighbour has not been told yet. */
  forgive(side: Side): void;
  /** Returns the state that is sent with every push/pull. */
  localState(): Job<Uint8Array>;
  /** Merges a peer's state, which is never empty. Its nodes have been merged before. */
  mergeRemoteState(turn: Turn, state: Uint8Array, exchange: StateExchange): Job;
  /** Called when a node became alive, also our own at the start. */
  joined(now: number, node: Identity): void;
  /** Called with the rows of nodes that are alive, which no message brought. */
  adopted(rows: readonly Row[], identity: (row: Row) => Identity): void;
  /**
   * Called when a node is dead or left, also our own when it leaves. `byItself` if the node said so: then
   * it leaves on purpose.
   */
  left(now: number, node: Identity, byItself: boolean): void;
  /** Called when the metadata of a live node changed. */
  updated(now: number, node: Identity): void;
  /** Called when an alive message claims the name of `existing` for another address. */
  conflict(now: number, existing: Identity, other: Alive): void;
  /** Returns the payload for an ack; `null` for nil on the wire. */
  ackPayload(): Uint8Array | null;
  /**
   * Called when the reply to a direct probe arrived in time. `roundTripMs` has the clock's full
   * resolution.
   */
  pingCompleted(now: number, node: Identity, roundTripMs: number, payload: Uint8Array): void;
  /**
   * Called for every alive message that says something new about a member. Returns a reason to ignore it, or
   * `undefined` to apply it.
   */
  admitAlive(alive: Alive): string | undefined;
  /**
   * Called for every joining push/pull. Returns a reason to refuse it, or `undefined` to merge it.
   */
  admitMerge(nodes: readonly NodeState[]): Job<string | undefined>;
}
