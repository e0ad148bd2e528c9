/**
 * The effects that the membership layer returns, and what the host reports about streams. The host
 * takes all effects after each input and carries them out in order; `serf/effects.ts` adds those of
 * Serf's layer.
 */

import type { Address, SystemErrorCode } from "../runtime.ts";
import type { Meter } from "./metrics.ts";

/** Severity of a log line, as Serf names them. */
export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERR";

/** Sends one datagram. The bytes belong to whoever takes the effect. */
export interface SendEffect {
  readonly kind: "send";
  readonly to: Address;
  readonly bytes: Uint8Array;
}

/** Opens a TCP connection as stream `id`; the host reports `opened` or `failed`. */
export interface DialEffect {
  readonly kind: "dial";
  readonly id: number;
  readonly to: Address;
  readonly timeoutMs: number;
}

/** Writes to stream `id`. */
export interface WriteEffect {
  readonly kind: "write";
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Flushes and closes stream `id`; the host reports nothing more about it. */
export interface CloseEffect {
  readonly kind: "close";
  readonly id: number;
  /** Set if the peer dialled and has not sent a whole message: perhaps it is no member. */
  readonly stranger?: true;
}

/**
 * Kinds of lines that peers, and strangers, can cause: what arrived as a packet, on a stream, about a
 * member, as an event, query, reply or key request, or as a coordinate; and what became of members.
 */
export type LineKind =
  | "packet"
  | "stream"
  | "alive"
  | "refutation"
  | "conflict"
  | "event"
  | "query"
  | "reply"
  | "key"
  | "coordinate"
  | "member";

/** Logs one line of a component (`memberlist` or `serf`). */
export interface LogEffect {
  readonly kind: "log";
  /**
   * Present if peers can cause lines of this kind at will; they are limited then (see `log_limit.ts`).
   */
  readonly limit?: LineKind;
  readonly level: LogLevel;
  readonly component: string;
  readonly text: string;
}

/** Every effect of the membership layer. It cannot emit events. */
export type SwimEffect = SendEffect | DialEffect | WriteEffect | CloseEffect | LogEffect;

/** What happened on a stream: the reverse direction of dial, write and close. */
export type StreamInput =
  /** The dial succeeded. */
  | { readonly kind: "opened" }
  | { readonly kind: "received"; readonly bytes: Uint8Array }
  /** The peer ended its side. */
  | { readonly kind: "ended" }
  /** The dial or the connection failed. `reason` is for the log, decisions go by the code. */
  | { readonly kind: "failed"; readonly code: SystemErrorCode; readonly reason: string };

/** Where a layer puts its effects. */
export interface Sink<Effect> {
  /**
   * Receives measurements directly, not through the queue. `undefined` if nobody collects them;
   * then they cost nothing.
   */
  readonly meter: Meter | undefined;
  /** Whether anybody wants log lines. */
  readonly logs: boolean;
  /** Appends an effect. */
  push(effect: Effect): void;
  /** Appends a log line, if anybody wants them. */
  log(level: LogLevel, component: string, text: string, limit?: LineKind): void;
}

/** The queue of effects. All layers of a node share one, so that their effects stay in order. */
export class Outbox<Effect> implements Sink<Effect> {
  readonly meter: Meter | undefined;
  readonly logs: boolean;
  #effects: (Effect | LogEffect)[] = [];

  constructor(meter?: Meter, logs = true) {
    this.meter = meter;
    this.logs = logs;
  }

  /** Appends an effect. */
  push(effect: Effect): void {
    this.#effects.push(effect);
  }

  /** Appends a log line, if anybody wants them. */
  log(level: LogLevel, component: string, text: string, limit?: LineKind): void {
    if (!this.logs) return;
    const line = { kind: "log", level, component, text } as const;
    this.#effects.push(limit === undefined ? line : { ...line, limit });
  }

  /** Removes and returns everything that was queued since the last call. */
  drain(): (Effect | LogEffect)[] {
    const drained = this.#effects;
    this.#effects = [];
    return drained;
  }
}
