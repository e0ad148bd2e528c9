/**
 * What members wish, in Lamport order: intents to join and to leave, received and sent (serf `handleNodeLeaveIntent`,
 * `broadcastJoin`, `forceLeave`).
 */

import { unreachable } from "../../assert.ts";
import type { Timers } from "../../timers.ts";
import type { SerfConfig } from "../config.ts";
import type { SerfTimer } from "../context.ts";
import type { LamportClock } from "../lamport.ts";
import type { SerfQueues } from "../queues.ts";
import { encodeIntent, type JoinIntent, type LeaveIntent } from "../wire/messages.ts";
import type { IntentOutcome, SerfMembers } from "./members.ts";

/** What {@link Wishes} works on. */
export interface WishesParts {
  readonly config: SerfConfig;
  readonly clock: LamportClock;
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  readonly timers: Timers<SerfTimer>;
  /** Whether this node itself has no wish to leave. */
  readonly staying: () => boolean;
}

/** Intents of this node and of others. */
export class Wishes {
  readonly #parts: WishesParts;

  constructor(parts: WishesParts) {
    this.#parts = parts;
  }

  /** Whether any other member is alive and has no wish to leave. */
  get othersAlive(): boolean {
    return this.#parts.members.othersAlive;
  }

  /** Applies an intent; true when it is news and has to be passed on. */
  apply(now: number, intent: LeaveIntent | JoinIntent): boolean {
    const { clock, members, staying } = this.#parts;
    clock.witness(intent.lamportTime);
    const outcome =
      intent.type === "leave" ? members.leaveIntent(now, intent, staying()) : members.joinIntent(now, intent);
    this.#follow(now, intent.node, outcome);
    return outcome.rebroadcast;
  }

  /** Tells the cluster that this node is here to stay. */
  announceJoin(now: number): void {
    const { clock, config, queues } = this.#parts;
    const intent: JoinIntent = { type: "join", lamportTime: clock.time, node: config.name };
    this.apply(now, intent);
    queues.intents.queue(encodeIntent(intent), config.name);
  }

  /** Tells the cluster that `node` leaves. `finished` when it has spread, at once when there is nobody to tell. */
  announceLeave(now: number, node: string, prune: boolean, finished: () => void): void {
    const { clock, config, queues, staying } = this.#parts;
    const intent: LeaveIntent = { type: "leave", lamportTime: clock.take(), node, prune };
    const refuted = node === config.name && staying();
    // Asked before the intent is applied, as it may be about the only other member, which then has to hear of it to refute it.
    const somebody = this.othersAlive;
    this.apply(now, intent);
    // A refutation is newer than what it refutes and must not be displaced by it.
    if (refuted || !somebody) finished();
    else queues.intents.queue(encodeIntent(intent), node, finished);
  }

  #follow(now: number, node: string, outcome: IntentOutcome): void {
    const { members, config, timers } = this.#parts;
    switch (outcome.follow) {
      case "refute":
        this.announceJoin(now);
        return;
      case "prune now":
        members.prune(node);
        return;
      case "prune later": {
        const at = now + config.broadcastTimeoutMs + config.leavePropagateDelayMs;
        timers.set(`prune ${node}`, at, { kind: "prune", node });
        return;
      }
      case "nothing":
        return;
      default:
        unreachable(outcome.follow);
    }
  }
}
