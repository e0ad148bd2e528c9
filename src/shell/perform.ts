/**
 * Carries out the core's effects, in order.
 */

import { unreachable } from "../core/assert.ts";
import type { LogEffect } from "../core/effects.ts";
import type { SerfEvent } from "../core/serf/api.ts";
import type { SerfEffect, StoreKeysEffect } from "../core/serf/effects.ts";
import type { DatagramSocket } from "../runtime.ts";
import type { AskedQueries } from "./asked_queries.ts";
import type { Calls } from "./calls.ts";
import type { NodeStreams } from "./network/streams.ts";
import type { SnapshotFile } from "./snapshot_file.ts";

/** Where effects go. */
export interface EffectTargets {
  readonly datagrams: DatagramSocket;
  readonly streams: NodeStreams;
  readonly emit: (event: SerfEvent) => void;
  readonly calls: Calls;
  readonly queries: AskedQueries;
  readonly snapshot: SnapshotFile | undefined;
  readonly storeKeys: (effect: StoreKeysEffect) => void;
  readonly log: (effect: LogEffect) => void;
  readonly halt: (reason: string) => void;
}

/** Carries out one effect. */
export function perform(targets: EffectTargets, effect: SerfEffect): void {
  switch (effect.kind) {
    case "send":
      targets.datagrams.send(effect.to, effect.bytes);
      return;
    case "dial":
      void targets.streams.dial(effect.id, effect.to, effect.timeoutMs);
      return;
    case "write":
      targets.streams.write(effect.id, effect.bytes);
      return;
    case "close":
      targets.streams.close(effect.id, effect.stranger);
      return;
    case "record":
      targets.snapshot?.append(effect.text);
      return;
    case "compact":
      targets.snapshot?.compact();
      return;
    case "emit":
      targets.emit(effect.event);
      return;
    case "settle":
      targets.calls.settle(effect.command, effect.error);
      return;
    case "reply":
    case "queryEnd":
      targets.queries.perform(effect);
      return;
    case "storeKeys":
      targets.storeKeys(effect);
      return;
    case "log":
      targets.log(effect);
      return;
    case "halt":
      targets.halt(effect.reason);
      return;
    default:
      unreachable(effect);
  }
}
