/**
 * The effects that Serf's layer adds to those of the membership layer.
 */

import type { SwimEffect } from "../effects.ts";
import type { SerfEvent } from "./api.ts";

/** Appends complete lines to the snapshot file. */
export interface RecordEffect {
  readonly kind: "record";
  readonly text: string;
}

/**
 * Replaces the snapshot file by its shortest form, which already includes all lines recorded
 * before. The host calls `SerfCore.snapshot` for it when the disk is ready.
 */
export interface CompactEffect {
  readonly kind: "compact";
}

/** Delivers an event to the user. */
export interface EmitEffect {
  readonly kind: "emit";
  readonly event: SerfEvent;
}

/** Ends a pending command. `error` is a message for people if it failed. */
export interface SettleEffect {
  readonly kind: "settle";
  readonly command: number;
  readonly error: string | undefined;
}

/**
 * Delivers an acknowledgement of, or an answer to, a query that the host asked under the number
 * `query`.
 */
export interface ReplyEffect {
  readonly kind: "reply";
  readonly query: number;
  readonly type: "ack" | "response";
  readonly from: string;
  readonly payload: Uint8Array;
}

/**
 * Ends a query of the host. `missing` are the members that should have replied and did not;
 * `undefined` if they are not known.
 */
export interface QueryEndEffect {
  readonly kind: "queryEnd";
  readonly query: number;
  readonly missing: readonly string[] | undefined;
}

/**
 * Writes the keyring file; the host reports with `SerfCore.queries.keysStored` and the same number.
 * Keys are base64, the primary key first.
 */
export interface StoreKeysEffect {
  readonly kind: "storeKeys";
  readonly write: number;
  readonly keys: readonly string[];
}

/** Stops the node from inside, for example because it lost a name conflict. */
export interface HaltEffect {
  readonly kind: "halt";
  readonly reason: string;
}

/** Every effect of the core. */
export type SerfEffect =
  | SwimEffect
  | RecordEffect
  | CompactEffect
  | EmitEffect
  | SettleEffect
  | ReplyEffect
  | QueryEndEffect
  | StoreKeysEffect
  | HaltEffect;
