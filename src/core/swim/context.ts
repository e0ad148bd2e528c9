/**
 * The settings, tables, outbox and deadline queue that the parts of one node's membership layer
 * share.
 */

import type { LineKind, LogLevel, Sink, SwimEffect } from "../effects.ts";
import { type Names, OwnNames } from "../names.ts";
import type { Random } from "../random.ts";
import { Timers } from "../timers.ts";
import type { MessageCodec } from "../wire/message_codec.ts";
import type { Application } from "./application.ts";
import { Awareness } from "./awareness.ts";
import { type SwimConfig, SwimLimits } from "./config.ts";
import { type Identities, OwnIdentities } from "./identity.ts";
import { Members } from "./members.ts";
import { Broadcasts } from "./queue/broadcasts.ts";
import { Tally } from "./queue/tally.ts";

/** The deadlines of the membership layer. */
export type SwimTimer =
  | { readonly kind: "probe" }
  | { readonly kind: "probeTimeout" }
  | { readonly kind: "probeEnd" }
  | { readonly kind: "relay"; readonly sequence: number }
  | { readonly kind: "pushPull" }
  | { readonly kind: "settled" }
  | { readonly kind: "exchangeJob" }
  | { readonly kind: "mergeJob" }
  | { readonly kind: "suspicion"; readonly node: string }
  | { readonly kind: "lastCheck"; readonly node: string; readonly left: number }
  | { readonly kind: "lastCheckReply"; readonly sequence: number }
  | { readonly kind: "knock"; readonly node: string }
  | { readonly kind: "exchange"; readonly id: number };

/** Shared by all parts of one node's membership layer. */
export interface SwimContext {
  readonly config: SwimConfig;
  readonly random: Random;
  readonly codec: MessageCodec;
  readonly application: Application;
  readonly outbox: Sink<SwimEffect>;
  readonly timers: Timers<SwimTimer>;
  readonly members: Members;
  readonly broadcasts: Broadcasts;
  /** Counts what waits in the queues of this layer and the one above. */
  readonly tally: Tally;
  readonly awareness: Awareness;
  /** `above` if the broadcasts of the layer above fill the next packet before those of this layer. */
  readonly turns: { above: boolean };
  /** Returns a sequence number for a ping; it repeats after 2^32 calls. */
  readonly nextSequence: () => number;
}

/** What {@link createContext} needs. */
export interface SwimContextOptions
  extends Pick<SwimContext, "config" | "random" | "codec" | "application" | "outbox"> {
  /** The rows of names, if other tables share them. */
  readonly names?: Names;
  /** Makes the identities of members; the nodes of a simulated world may share them. */
  readonly identities?: Identities;
}

/** Creates the context of a node at its start. */
export function createContext(options: SwimContextOptions): SwimContext {
  const { config, outbox, random, names = new OwnNames(), identities = new OwnIdentities() } = options;
  const members = new Members(random, names, identities);
  const tally = new Tally();
  let sequence = 0;
  return {
    ...options,
    members,
    tally,
    broadcasts: new Broadcasts({
      retransmitMult: config.retransmitMult,
      smallClusters: config.rules.smallClusters,
      nodeCount: () => members.count,
      lengthMax: () => SwimLimits.members,
      tally,
    }),
    timers: new Timers(),
    turns: { above: false },
    awareness: new Awareness(config.awarenessMax, (score) =>
      outbox.meter?.gauge("memberlist.health.score", score),
    ),
    nextSequence: () => (sequence = (sequence + 1) >>> 0),
  };
}

/** Logs one line under the name `memberlist`. */
export function log(context: SwimContext, level: LogLevel, text: string, limit?: LineKind): void {
  context.outbox.log(level, "memberlist", text, limit);
}
