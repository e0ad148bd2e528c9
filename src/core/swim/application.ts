/**
 * The hooks upward: what the membership layer asks of and tells to the layer above (memberlist's delegates). All calls are
 * synchronous; an implementation may push effects but must not call back into Swim from `joined`, `left` and `updated`.
 */

import type { Address } from "../../runtime.ts";
import type { Alive, NodeState } from "../wire/messages.ts";
import type { Node } from "./members.ts";

/** Implemented by the layer above Swim. */
export interface Application {
  /** Metadata announced with our own alive message; at most 512 bytes. */
  meta(): Uint8Array | null;
  /** A user message arrived, by packet or stream. The bytes are the receiver's. */
  message(now: number, from: Address, payload: Uint8Array): void;
  /** Messages to fill the rest of a packet: the sum of their lengths plus `overhead` each stays within `limit`. */
  broadcasts(overhead: number, limit: number): Uint8Array[];
  /** State sent with every push/pull. */
  localState(): Uint8Array;
  /** A peer's state, after its nodes were merged; never empty. */
  mergeRemoteState(now: number, state: Uint8Array, join: boolean): void;
  /** A node became alive, also our own at start. */
  joined(now: number, node: Node): void;
  /** A node is dead or left, also our own when leaving. */
  left(now: number, node: Node): void;
  /** The metadata of a live node changed. */
  updated(now: number, node: Node): void;
  /** An alive message claims the name of `existing` for another address. */
  conflict(now: number, existing: Node, other: Alive): void;
  /** Payload of the acks we send. */
  ackPayload(): Uint8Array | null;
  /** A direct probe was answered in time. `roundTripMs` has the clock's full resolution. */
  pingCompleted(now: number, node: Node, roundTripMs: number, payload: Uint8Array): void;
  /** Whether an alive message may be applied: a text refuses it. */
  admitAlive(alive: Alive): string | undefined;
  /** Whether a joining push/pull may be merged: a text refuses it. */
  admitMerge(nodes: readonly NodeState[]): string | undefined;
}
