/**
 * The hands of a node: performs what the core asks for, in order.
 */

import { unreachable } from "../core/assert.ts";
import type { Effect, LogEffect, StoreKeysEffect } from "../core/effects.ts";
import type { SerfEvent } from "../core/serf/api.ts";
import type { DatagramSocket } from "../runtime.ts";
import type { Commands } from "./calls.ts";
import type { Queries } from "./query.ts";
import type { SnapshotFile } from "./snapshot_file.ts";
import type { Connections } from "./streams.ts";
import type { Subscribers } from "./subscription.ts";

/** What the hands reach. */
export interface PerformerParts {
  readonly datagrams: DatagramSocket;
  readonly connections: Connections;
  readonly subscribers: Subscribers<SerfEvent>;
  readonly commands: Commands;
  readonly queries: Queries;
  readonly snapshot: SnapshotFile | undefined;
  readonly storeKeys: (effect: StoreKeysEffect) => void;
  readonly log: (effect: LogEffect) => void;
  readonly halt: (reason: string) => void;
}

/** Performs one effect. */
export function perform(parts: PerformerParts, effect: Effect<SerfEvent>): void {
  switch (effect.kind) {
    case "send":
      parts.datagrams.send(effect.to, effect.bytes);
      return;
    case "dial":
      void parts.connections.dial(effect.id, effect.to, effect.timeoutMs);
      return;
    case "write":
      parts.connections.write(effect.id, effect.bytes);
      return;
    case "close":
      parts.connections.close(effect.id);
      return;
    case "record":
      parts.snapshot?.append(effect.text);
      return;
    case "compact":
      parts.snapshot?.compact();
      return;
    case "emit":
      parts.subscribers.push(effect.event);
      return;
    case "settle":
      parts.commands.settle(effect.command, effect.error);
      return;
    case "reply":
    case "queryEnd":
      parts.queries.perform(effect);
      return;
    case "storeKeys":
      parts.storeKeys(effect);
      return;
    case "log":
      parts.log(effect);
      return;
    case "halt":
      parts.halt(effect.reason);
      return;
    default:
      unreachable(effect);
  }
}
