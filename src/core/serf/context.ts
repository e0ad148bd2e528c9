/**
 * What the parts of Serf's layer share: settings, clocks, the outbox and the deadline queue of one
 * node.
 */

import { type LogLevel, Outbox } from "../effects.ts";
import type { Meter } from "../metrics.ts";
import type { Random } from "../random.ts";
import type { SwimConfig } from "../swim/config.ts";
import { Timers } from "../timers.ts";
import type { Codec } from "../wire/codec.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfEffect } from "./effects.ts";
import { type Clocks, LamportClock } from "./lamport.ts";
import { LocalNode } from "./local.ts";

/** Every deadline of Serf's layer. */
export type SerfTimer =
  | { readonly kind: "reap" }
  | { readonly kind: "reconnect" }
  | { readonly kind: "queues" }
  | { readonly kind: "leave" }
  | { readonly kind: "prune"; readonly node: string }
  | { readonly kind: "query"; readonly lamportTime: bigint }
  | { readonly kind: "command"; readonly command: number; readonly error: string };

/** Where a node is in its life; a node that left can come back. */
export type LifeState = "alive" | "leaving" | "left";

/** Shared by all parts of one node's Serf layer. */
export interface SerfContext {
  readonly config: SerfConfig;
  readonly random: Random;
  readonly codec: Codec;
  readonly outbox: Outbox<SerfEffect>;
  readonly timers: Timers<SerfTimer>;
  readonly clocks: Clocks;
  /** This node as others see it. */
  readonly local: LocalNode;
  /** The time of the input that is being handled, in milliseconds. Only {@link beginInput} sets it. */
  now: number;
  /** Only `Life` sets it. */
  state: LifeState;
}

/** What a context is made from. */
export interface ContextOptions {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  readonly meter?: Meter;
}

/** Creates the context of a node at its start. Throws SerfError (ERR_LIMIT) if the tags are too long. */
export function createContext({ config, swim, random, codec, meter }: ContextOptions): SerfContext {
  const { name, tags, protocol } = config;
  return {
    config,
    random,
    codec,
    outbox: new Outbox(meter),
    timers: new Timers(),
    clocks: { members: new LamportClock(), events: new LamportClock(), queries: new LamportClock() },
    local: new LocalNode({ name, address: swim.address, port: swim.port, tags, protocol }),
    now: 0,
    state: "alive",
  };
}

/** Begins an input of the host: the one place that sets the time, so every input has to call it first. */
export function beginInput(context: SerfContext, now: number): void {
  context.now = now;
}

/** Logs one line of this layer. */
export function log(context: Pick<SerfContext, "outbox">, level: LogLevel, text: string): void {
  context.outbox.log(level, "serf", text);
}
