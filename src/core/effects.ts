/**
 * What the core asks its host to do. The host drains the outbox after each input and performs the effects in order.
 */

import type { Address } from "../runtime.ts";
import type { Meter } from "./metrics.ts";

/** Severity of a log line, as Serf names them. */
export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERR";

/** Send one datagram. The bytes belong to the receiver of the effect. */
export interface SendEffect {
  readonly kind: "send";
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** Open a TCP connection for exchange `id`; report `streamOpened` or `streamFailed`. */
export interface DialEffect {
  readonly kind: "dial";
  readonly id: number;
  readonly to: Address;
  readonly timeoutMs: number;
}

/** Write to exchange `id`. */
export interface WriteEffect {
  readonly kind: "write";
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Flush and close exchange `id`; nothing more is reported about it. */
export interface CloseEffect {
  readonly kind: "close";
  readonly id: number;
}

/** Append complete lines to the snapshot. */
export interface RecordEffect {
  readonly kind: "record";
  readonly text: string;
}

/** Replace the snapshot by its shortest form, which the core tells when the disk is ready; it has all lines recorded before. */
export interface CompactEffect {
  readonly kind: "compact";
}

/** Hand an event to the user. */
export interface EmitEffect<Event> {
  readonly kind: "emit";
  readonly event: Event;
}

/** A pending command ended. `error` is a text when it failed. */
export interface SettleEffect {
  readonly kind: "settle";
  readonly command: number;
  readonly error: string | null;
}

/** An acknowledgement of, or an answer to, a query that the caller asked under the number `query`. */
export interface ReplyEffect {
  readonly kind: "reply";
  readonly query: number;
  readonly type: "ack" | "response";
  readonly from: string;
  readonly payload: Uint8Array;
}

/** A query of the caller is over. `missing` are members that owe a reply; `null` when that cannot be known. */
export interface QueryEndEffect {
  readonly kind: "queryEnd";
  readonly query: number;
  readonly missing: readonly string[] | null;
}

/** Write the keyring file; report `keysStored` with the same number. Keys are base64, primary first. */
export interface StoreKeysEffect {
  readonly kind: "storeKeys";
  readonly write: number;
  readonly keys: readonly string[];
}

/** Log one line of a component (`memberlist` or `serf`). */
export interface LogEffect {
  readonly kind: "log";
  readonly level: LogLevel;
  readonly component: string;
  readonly text: string;
}

/** The node has to stop by itself, for example because it lost a name conflict. */
export interface HaltEffect {
  readonly kind: "halt";
  readonly reason: string;
}

/** Everything the core can ask for. */
export type Effect<Event> =
  | SendEffect
  | DialEffect
  | WriteEffect
  | CloseEffect
  | RecordEffect
  | CompactEffect
  | EmitEffect<Event>
  | SettleEffect
  | ReplyEffect
  | QueryEndEffect
  | StoreKeysEffect
  | LogEffect
  | HaltEffect;

/** The one queue of effects that all layers of a node share, so that order across layers is observable. */
export class Outbox<Event> {
  /** Where measurements go, past the queue; absent when nobody wants them, and then they cost nothing. */
  readonly meter: Meter | undefined;
  #effects: Effect<Event>[] = [];

  constructor(meter?: Meter) {
    this.meter = meter;
  }

  /** Appends an effect. */
  push(effect: Effect<Event>): void {
    this.#effects.push(effect);
  }

  /** Appends a log line. */
  log(level: LogLevel, component: string, text: string): void {
    this.#effects.push({ kind: "log", level, component, text });
  }

  /** Takes everything that was queued since the last call. */
  drain(): Effect<Event>[] {
    const drained = this.#effects;
    this.#effects = [];
    return drained;
  }
}
