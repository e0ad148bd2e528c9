/**
 * Gossip: each interval, news goes to a few random members, the recently dead included, so that they can refute
 * (memberlist `gossip`).
 */

import type { SwimContext } from "./context.ts";
import { isLive, type Node } from "./members.ts";
import { gossipNews, sendToNode } from "./transmit.ts";

/** The gossip loop of one node. */
export class Gossip {
  readonly #context: SwimContext;
  #tickAt = 0;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** Begins one interval from now. */
  start(now: number): void {
    this.#tickAt = now;
    this.#arm(now);
  }

  /** Sends one round. */
  tick(now: number): void {
    this.#arm(now);
    const { members, config } = this.#context;
    for (const node of members.pick(config.gossipNodes, (other) => this.#isTarget(now, other))) {
      const parts = gossipNews(this.#context);
      if (parts.length === 0) return;
      sendToNode(this.#context, node, parts);
    }
  }

  #isTarget(now: number, node: Node): boolean {
    const { config } = this.#context;
    if (node.name === config.name) return false;
    return isLive(node) || (node.status === "dead" && now - node.changedAt <= config.gossipToTheDeadMs);
  }

  #arm(now: number): void {
    const { config, timers } = this.#context;
    this.#tickAt += config.gossipIntervalMs;
    if (this.#tickAt <= now) this.#tickAt = now + config.gossipIntervalMs;
    timers.set("gossip", this.#tickAt, { kind: "gossip" });
  }
}
