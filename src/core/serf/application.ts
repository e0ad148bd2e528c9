/**
 * What the membership layer asks of Serf's layer and tells it, handed to the parts that know (serf `delegate.go`,
 * `event_delegate.go`, `ping_delegate.go`).
 */

import { formatAddress, joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import type { Application } from "../swim/application.ts";
import type { Node } from "../swim/members.ts";
import type { Alive, NodeState } from "../wire/messages.ts";
import type { PingCoordinates } from "./coordinates.ts";
import type { Inbox } from "./inbox.ts";
import type { Admission, Verdict } from "./members/admission.ts";
import type { SerfMembers } from "./members/members.ts";
import type { SharedState } from "./push_pull.ts";
import type { QueryParts } from "./queries/queries.ts";
import type { SerfQueues } from "./queues.ts";

/** Where the hooks lead. */
export interface HooksParts {
  readonly meta: () => Uint8Array;
  readonly inbox: Inbox;
  readonly queues: SerfQueues;
  readonly shared: SharedState;
  readonly members: SerfMembers;
  readonly queries: QueryParts;
  readonly coordinates: PingCoordinates;
  readonly admission: Admission;
}

/** The hooks of one node. */
export class Hooks implements Application {
  readonly #parts: HooksParts;

  constructor(parts: HooksParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  meta(): Uint8Array {
    return this.#parts.meta();
  }

  /** @inheritdoc */
  message(now: number, from: Address, payload: Uint8Array): void {
    this.#parts.inbox.receive(now, from, payload);
  }

  /** @inheritdoc */
  broadcasts(overhead: number, limit: number): Uint8Array[] {
    return this.#parts.queues.fetch(overhead, limit);
  }

  /** @inheritdoc */
  localState(): Uint8Array {
    return this.#parts.shared.encode();
  }

  /** @inheritdoc */
  mergeRemoteState(now: number, bytes: Uint8Array, join: boolean): void {
    this.#parts.shared.merge(now, bytes, join);
  }

  /** @inheritdoc */
  joined(now: number, node: Node): void {
    this.#parts.members.joined(now, node);
  }

  /** @inheritdoc */
  left(now: number, node: Node): void {
    this.#parts.members.left(now, node);
    this.#parts.queries.collector.membersChanged(now);
  }

  /** @inheritdoc */
  updated(_now: number, node: Node): void {
    this.#parts.members.updated(node);
  }

  /** @inheritdoc */
  conflict(now: number, existing: Node, other: Alive): void {
    const mine = joinHostPort(existing.endpoint.host, existing.endpoint.port);
    const theirs = joinHostPort(formatAddress(other.address), other.port);
    this.#parts.queries.conflicts.claimed(now, existing.name, mine, theirs);
  }

  /** @inheritdoc */
  ackPayload(): Uint8Array {
    return this.#parts.coordinates.payload();
  }

  /** @inheritdoc */
  pingCompleted(_now: number, node: Node, roundTripMs: number, payload: Uint8Array): void {
    this.#parts.coordinates.observe(node.name, roundTripMs, payload);
  }

  /** @inheritdoc */
  admitAlive(alive: Alive): Verdict {
    return this.#parts.admission.alive(alive);
  }

  /** @inheritdoc */
  admitMerge(nodes: readonly NodeState[]): Verdict {
    return this.#parts.admission.merge(nodes);
  }
}
