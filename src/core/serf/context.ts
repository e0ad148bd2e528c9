/**
 * The settings, clocks, outbox and deadline queue that the parts of one node's Serf layer share.
 */

import { type LineKind, type LogLevel, Outbox } from "../effects.ts";
import type { Meter } from "../metrics.ts";
import { type Names, OwnNames } from "../names.ts";
import type { Random } from "../random.ts";
import type { SwimConfig } from "../swim/config.ts";
import { Timers } from "../timers.ts";
import type { MessageCodec } from "../wire/message_codec.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfEffect } from "./effects.ts";
import { type Clocks, LamportClock } from "./lamport.ts";
import { LocalNode } from "./local.ts";
import { recallingCodec, type SerfCodec } from "./wire/serf_codec.ts";

/** The deadlines of Serf's layer. */
export type SerfTimer =
  | { readonly kind: "reap" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "queues" }
  | { readonly kind: "leave" }
  | { readonly kind: "prune"; readonly node: string }
  | { readonly kind: "restore"; readonly node: string }
  | { readonly kind: "query"; readonly lamportTime: bigint }
  | { readonly kind: "heldEvents" }
  | { readonly kind: "command"; readonly command: number; readonly error: string };

/** The state of a node. A node that left can come back by a join. */
export type LifeState = "alive" | "leaving" | "left";

/** Shared by all parts of one node's Serf layer. */
export interface SerfContext {
  readonly config: SerfConfig;
  readonly random: Random;
  readonly codec: MessageCodec;
  readonly serfCodec: SerfCodec;
  readonly outbox: Outbox<SerfEffect>;
  readonly timers: Timers<SerfTimer>;
  readonly clocks: Clocks;
  /** The rows of names in the tables of members, here and in the membership layer. */
  readonly names: Names;
  /** The name, address and tags that this node announces. */
  readonly local: LocalNode;
  /**
   * The time of the input that is being handled, in milliseconds. Only {@link beginInput} sets it.
   */
  now: number;
  /** Whether nothing was drained since that input. */
  isFresh: boolean;
  /** Only `Life` sets it. */
  state: LifeState;
}

/** What {@link createContext} needs. */
export interface ContextOptions {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: MessageCodec;
  /** Default: msgpack, as Serf does it. */
  readonly serfCodec?: SerfCodec;
  readonly meter?: Meter;
  /** Whether log lines are wanted. Default true. */
  readonly logs?: boolean;
  /** Numbers the names of members; the nodes of a simulated world may share the numbers. */
  readonly names?: Names;
}

/**
 * Creates the context of a node at its start. Throws SerfError (ERR_LIMIT) if the tags are too
 * long.
 */
export function createContext(options: ContextOptions): SerfContext {
  const {
    config,
    swim,
    random,
    codec,
    serfCodec = recallingCodec(),
    meter,
    logs,
    names = new OwnNames(),
  } = options;
  const { name, tags, protocol } = config;
  return {
    config,
    random,
    codec,
    serfCodec,
    outbox: new Outbox(meter, logs),
    timers: new Timers(),
    names,
    clocks: { members: new LamportClock(), events: new LamportClock(), queries: new LamportClock() },
    local: new LocalNode({ name, address: swim.address, port: swim.port, tags, protocol }),
    now: 0,
    isFresh: false,
    state: "alive",
  };
}

/**
 * Sets the time of an input of the host. Every input has to call it first; nothing else sets the
 * time.
 */
export function beginInput(context: SerfContext, now: number): void {
  context.now = now;
  context.isFresh = true;
}

/** Logs one line under the name `serf`. */
export function log(
  context: Pick<SerfContext, "outbox">,
  level: LogLevel,
  text: string,
  limit?: LineKind,
): void {
  context.outbox.log(level, "serf", text, limit);
}
