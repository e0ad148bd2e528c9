/**
 * Join and leave intents: applies those we receive and broadcasts our own (serf
 * `handleNodeLeaveIntent`, `broadcastJoin`, `forceLeave`).
 */

import { unreachable } from "../../assert.ts";
import type { SerfContext } from "../context.ts";
import type { SerfQueues } from "../queues.ts";
import type { JoinIntent, LeaveIntent } from "../wire/messages.ts";
import type { IntentOutcome, SerfMembers } from "./members.ts";

/** Applies and broadcasts intents. */
export class Intents {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #queues: SerfQueues;

  constructor(context: SerfContext, members: SerfMembers, queues: SerfQueues) {
    this.#context = context;
    this.#members = members;
    this.#queues = queues;
  }

  /** Whether any other member is alive and not leaving. */
  get othersAlive(): boolean {
    return this.#members.othersAlive;
  }

  /**
   * Applies an intent. Returns true if it is new and has to be broadcast again. `announced` is false
   * if it was not broadcast, but comes from the times in a push/pull.
   */
  apply(now: number, intent: LeaveIntent | JoinIntent, announced = true): boolean {
    this.#context.clocks.members.witness(intent.lamportTime);
    const outcome =
      intent.type === "leave"
        ? this.#members.leaveIntent(now, intent)
        : this.#members.joinIntent(now, intent, announced);
    this.#follow(now, intent.node, outcome);
    return outcome.rebroadcast;
  }

  /** Broadcasts that this node has joined and is not leaving. */
  announceJoin(now: number): void {
    const { clocks, config, serfCodec } = this.#context;
    const intent: JoinIntent = { type: "join", lamportTime: clocks.members.time, node: config.name };
    this.apply(now, intent);
    this.#queues.intents.queue(serfCodec.encodeIntent(intent), config.name);
  }

  /**
   * Broadcasts that `node` leaves. Calls `finished` when the intent has been sent often enough, or
   * at once if no other member is alive.
   */
  announceLeave(now: number, node: string, prune: boolean, finished: () => void): void {
    const { clocks, config, serfCodec, state } = this.#context;
    const intent: LeaveIntent = { type: "leave", lamportTime: clocks.members.take(), node, prune };
    const refuted = node === config.name && state === "alive";
    // Read before the intent is applied: it may be about the only other member, which has to
    // receive it to refute it.
    const othersAlive = this.othersAlive;
    this.apply(now, intent);
    // If applying it queued a refutation, do not queue the intent: it would replace the refutation,
    // which has the same name.
    if (refuted || !othersAlive) finished();
    else this.#queues.intents.queue(serfCodec.encodeIntent(intent), node, finished);
  }

  #follow(now: number, node: string, outcome: IntentOutcome): void {
    const { config, timers } = this.#context;
    switch (outcome.follow) {
      case "refute":
        this.announceJoin(now);
        return;
      case "prune now":
        this.#members.prune(node);
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
