/**
 * Gossip: at each interval broadcasts go to the neighbours on the ring that have not been told them
 * yet, to a few random live members, and to one recently dead member, so that it can refute
 * (memberlist `gossip`, which has no ring). While there is nothing to send, the loop sleeps: most
 * nodes are idle most of the time.
 */

import { noRow, type Row } from "../../rows.ts";
import type { SwimContext } from "../context.ts";
import { fetchGossip, sendToNode } from "../transmit.ts";
import { type Ring, type Side, sides } from "./ring.ts";

/** The maximum number of packets for a neighbour at one tick; what is left has to wait for the next. */
const packetsMax = 4;

/** The gossip loop of one node. */
export class Gossip {
  readonly #context: SwimContext;
  readonly #ring: Ring;
  /** A time at which a round may begin; later ones are whole intervals after it. */
  #tickAt = 0;

  constructor(context: SwimContext, ring: Ring) {
    this.#context = context;
    this.#ring = ring;
  }

  /** Starts the loop at a random phase of the interval, so that nodes that start together are not in step. */
  start(now: number): void {
    const { random, config } = this.#context;
    const phase = config.rules.randomPhases ? random.below(config.gossipIntervalMs) : 0;
    this.#tickAt = now + config.gossipIntervalMs - phase;
  }

  /**
   * Returns when {@link tick} has to be called next; `Infinity` while there is nothing to send. What
   * came up since the last input waits for the next time of the loop.
   */
  deadline(now: number): number {
    if (!this.#awake) return Number.POSITIVE_INFINITY;
    this.#advance(now);
    return this.#tickAt;
  }

  /** Sends one round of gossip if it is time for one. */
  tick(now: number): void {
    if (now < this.#tickAt || !this.#awake) return;
    this.#advance(now);
    const { meter } = this.#context.outbox;
    const startedAt = meter?.now() ?? 0;
    this.#spread(now);
    meter?.sample("memberlist.gossip", meter.now() - startedAt);
  }

  /**
   * Sends broadcasts to neighbours and some more live members, and the packet of the last one also to
   * a recently dead member.
   */
  #spread(now: number): void {
    const { members, config } = this.#context;
    let parts: Uint8Array[] = [];
    const told = this.#tellNeighbours();
    const isPeer = (node: Row): boolean =>
      members.isLive(node) && members.name(node) !== config.name && !told.includes(node);
    for (const node of members.pick(config.gossipNodes, isPeer)) {
      parts = fetchGossip(this.#context);
      if (parts.length === 0) return;
      sendToNode(this.#context, node, parts);
    }
    // memberlist picks from live and recently dead members together. In a small cluster its gossip
    // can then miss live members.
    const dead = members.pickDead(now, config.gossipToTheDeadMs);
    if (dead === noRow) return;
    if (parts.length === 0) parts = fetchGossip(this.#context);
    if (parts.length > 0) sendToNode(this.#context, dead, parts);
  }

  /** Tells the neighbours on the ring what they have not been told yet. Returns those. */
  #tellNeighbours(): Row[] {
    const neighbours = this.#ring.neighbours;
    if (neighbours === undefined) return [];
    if (!this.#context.config.rules.ring) {
      for (const side of sides) this.#forgive(side);
      return [];
    }
    const { before, after } = neighbours;
    if (before === after) this.#forgive("after");
    return sides.filter((side) => this.#tell(neighbours[side], side)).map((side) => neighbours[side]);
  }

  #tell(node: Row, side: Side): boolean {
    for (let packets = 0; packets < packetsMax; packets++) {
      const parts = fetchGossip(this.#context, side);
      if (parts.length === 0) return packets > 0;
      sendToNode(this.#context, node, parts);
    }
    return true;
  }

  #forgive(side: Side): void {
    this.#context.broadcasts.forgive(side);
    this.#context.application.forgive(side);
  }

  /** Whether there is something to send, and somebody to send it to. */
  get #awake(): boolean {
    const { members, broadcasts, application } = this.#context;
    return members.count > 1 && (broadcasts.pending || application.hasBroadcasts);
  }

  /** Moves the next time of the loop behind the present one. */
  #advance(now: number): void {
    if (this.#tickAt > now) return;
    const { gossipIntervalMs } = this.#context.config;
    this.#tickAt += gossipIntervalMs * (Math.floor((now - this.#tickAt) / gossipIntervalMs) + 1);
  }
}
