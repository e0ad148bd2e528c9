/**
 * Gossip: at each interval broadcasts go to a few random live members, and to one recently dead
 * member, so that it can refute (memberlist `gossip`).
 */

import type { SwimContext } from "./context.ts";
import { isLive, type Node } from "./members.ts";
import { fetchGossip, sendToNode } from "./transmit.ts";

/** The gossip loop of one node. */
export class Gossip {
  readonly #context: SwimContext;
  #tickAt = 0;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** Starts the loop; the first round is one interval from now. */
  start(now: number): void {
    this.#tickAt = now;
    this.#arm(now);
  }

  /** Sends one round of gossip. */
  tick(now: number): void {
    this.#arm(now);
    const { meter } = this.#context.outbox;
    const startedAt = meter?.now() ?? 0;
    this.#spread(now);
    meter?.sample("memberlist.gossip", meter.now() - startedAt);
  }

  /**
   * Sends broadcasts to some live members, and the packet of the last one also to a recently dead
   * member.
   */
  #spread(now: number): void {
    const { members, config } = this.#context;
    let parts: Uint8Array[] = [];
    for (const node of members.pick(config.gossipNodes, (other) => this.#isPeer(other))) {
      parts = fetchGossip(this.#context);
      if (parts.length === 0) return;
      sendToNode(this.#context, node, parts);
    }
    // memberlist picks from live and recently dead members together. In a small cluster its gossip
    // can then miss live members.
    const [dead] = members.pick(1, (other) => this.#isRecentlyDead(now, other));
    if (dead === undefined) return;
    if (parts.length === 0) parts = fetchGossip(this.#context);
    if (parts.length > 0) sendToNode(this.#context, dead, parts);
  }

  #isPeer(node: Node): boolean {
    return isLive(node) && node.name !== this.#context.config.name;
  }

  #isRecentlyDead(now: number, node: Node): boolean {
    return node.status === "dead" && now - node.changedAt <= this.#context.config.gossipToTheDeadMs;
  }

  #arm(now: number): void {
    const { config, timers } = this.#context;
    this.#tickAt += config.gossipIntervalMs;
    if (this.#tickAt <= now) this.#tickAt = now + config.gossipIntervalMs;
    timers.set("gossip", this.#tickAt, { kind: "gossip" });
  }
}
