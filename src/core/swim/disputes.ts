/**
 * Two announcements of one member with the same incarnation: at most one is right, and others keep
 * whichever they received first. memberlist does not notice. It happens when a packet without key and
 * checksum is damaged on its way.
 */

import type { Row } from "../rows.ts";
import type { Alive } from "../wire/messages.ts";
import type { SwimContext } from "./context.ts";
import { sameAnnouncement } from "./identity.ts";
import { sendWithGossip } from "./transmit.ts";

/** Lets members settle what nobody else can. */
export class Disputes {
  readonly #context: SwimContext;
  /** When the next member may be asked. */
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /**
   * Handles that a member was announced with the incarnation that is known. If it was announced
   * differently, it gets what this node believes. If that is wrong it refutes, as it would refute any
   * such message; so what is right wins everywhere. There is one such packet in a gossip interval at
   * most. A message with fewer versions does not say anything else about them.
   */
  announced(now: number, node: Row, alive: Alive): void {
    const { members, config } = this.#context;
    if (!config.rules.disputes || now < this.#nextAt || !members.isLive(node)) return;
    const identity = members.identity(node);
    const { name, address, endpoint, meta, versions } = identity;
    if (alive.versions.length < versions.length || sameAnnouncement(identity, alive)) return;
    this.#nextAt = now + config.gossipIntervalMs;
    const incarnation = members.incarnation(node);
    sendWithGossip(this.#context, endpoint, {
      type: "alive",
      incarnation,
      node: name,
      address,
      port: endpoint.port,
      meta,
      versions,
    });
  }
}
