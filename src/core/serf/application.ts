/**
 * Passes the calls of the membership layer to the parts of Serf's layer that handle them (serf
 * `delegate.go`, `event_delegate.go`, `ping_delegate.go`).
 */

import { formatAddress, joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import type { Job, Turn } from "../jobs.ts";
import type { Row } from "../rows.ts";
import type { Application, StateExchange } from "../swim/application.ts";
import type { Side } from "../swim/gossip/ring.ts";
import type { Identity } from "../swim/identity.ts";
import type { Addressee } from "../swim/queue/broadcasts.ts";
import type { Alive, NodeState } from "../wire/messages.ts";
import type { PingCoordinates } from "./coordinates.ts";
import type { Inbox } from "./inbox.ts";
import type { LocalNode } from "./local.ts";
import type { Admission, Verdict } from "./members/admission.ts";
import type { SerfMembers } from "./members/members.ts";
import type { SharedState } from "./push_pull.ts";
import type { Queries } from "./queries/queries.ts";
import type { SerfQueues } from "./queues.ts";

/** The parts that handle calls of the membership layer. */
export interface ApplicationRoutes {
  readonly inbox: Inbox;
  readonly queues: SerfQueues;
  readonly shared: SharedState;
  readonly members: SerfMembers;
  readonly queries: Queries;
  readonly coordinates: PingCoordinates;
}

/** Serf's layer as the membership layer sees it. */
export class SerfApplication implements Application {
  readonly #local: LocalNode;
  readonly #admission: Admission;
  #routes!: ApplicationRoutes;

  constructor(local: LocalNode, admission: Admission) {
    this.#local = local;
    this.#admission = admission;
  }

  /**
   * Sets the parts; call it before the first input. They are created after this object, because
   * they need the membership layer, which needs this object.
   */
  connect(routes: ApplicationRoutes): void {
    this.#routes = routes;
  }

  /** @inheritdoc */
  meta(): Uint8Array {
    return this.#local.meta;
  }

  /** @inheritdoc */
  messages(now: number, from: Address, payloads: readonly Uint8Array[]): void {
    this.#routes.inbox.receive(now, from, payloads);
  }

  /** @inheritdoc */
  broadcasts(overhead: number, limit: number, to?: Addressee): Uint8Array[] {
    return this.#routes.queues.fetch(overhead, limit, to);
  }

  /** @inheritdoc */
  forgive(side: Side): void {
    this.#routes.queues.forgive(side);
  }

  /** @inheritdoc */
  localState(): Job<Uint8Array> {
    return this.#routes.shared.encode();
  }

  /** @inheritdoc */
  mergeRemoteState(turn: Turn, bytes: Uint8Array, exchange: StateExchange): Job {
    return this.#routes.shared.merge(turn, bytes, exchange);
  }

  /** @inheritdoc */
  joined(now: number, node: Identity): void {
    this.#routes.members.joined(now, node);
  }

  /** @inheritdoc */
  adopted(rows: readonly Row[], identity: (row: Row) => Identity): void {
    this.#routes.members.adopted(rows, identity);
  }

  /** @inheritdoc */
  left(now: number, node: Identity, byItself: boolean): void {
    this.#routes.members.left(now, node, byItself);
    this.#routes.queries.membersChanged(now);
  }

  /** @inheritdoc */
  updated(_now: number, node: Identity): void {
    this.#routes.members.updated(node);
  }

  /** @inheritdoc */
  conflict(now: number, existing: Identity, other: Alive): void {
    const mine = joinHostPort(existing.endpoint.host, existing.endpoint.port);
    const theirs = { host: formatAddress(other.address), port: other.port };
    this.#routes.queries.nameClaimed(now, existing.name, mine, theirs);
  }

  /** @inheritdoc */
  ackPayload(): Uint8Array {
    return this.#routes.coordinates.payload();
  }

  /** @inheritdoc */
  pingCompleted(now: number, node: Identity, roundTripMs: number, payload: Uint8Array): void {
    this.#routes.members.replied(now, node.name);
    this.#routes.coordinates.observe(node.name, roundTripMs, payload);
  }

  /** @inheritdoc */
  admitAlive(alive: Alive): Verdict {
    return this.#admission.alive(alive);
  }

  /** @inheritdoc */
  admitMerge(nodes: readonly NodeState[]): Job<Verdict> {
    return this.#admission.merge(nodes);
  }
}
