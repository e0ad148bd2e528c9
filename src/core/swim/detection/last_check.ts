/**
 * The last check of a suspect: shortly before its suspicion expires, this node pings the suspect
 * itself, a few times. A reply proves that the suspect is alive and that only its refutation was
 * lost on the way to us. memberlist does not do this. It is a decision of this node alone and
 * changes nothing on the wire.
 */

import { noRow } from "../../rows.ts";
import { log, type SwimContext } from "../context.ts";
import type { Membership } from "../membership.ts";
import { sendToNode } from "../transmit.ts";

/** Pings suspects before their suspicions expire. */
export class LastCheck {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  /**
   * Pings that wait for a reply, by sequence number: the suspect, and the incarnation at which it
   * is suspected.
   */
  readonly #pending = new Map<number, { readonly node: string; readonly incarnation: number }>();

  constructor(context: SwimContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Pings a live member. If it is a suspect, it gets the suspicion as well, so that it can refute. */
  ping(now: number, name: string): void {
    const { members, config, codec, timers } = this.#context;
    const node = members.find(name);
    if (node === noRow) return;
    const sequence = this.#context.nextSequence();
    const incarnation = members.incarnation(node);
    this.#pending.set(sequence, { node: name, incarnation });
    timers.set(`reply ${sequence}`, now + config.probeTimeoutMs, { kind: "lastCheckReply", sequence });
    const source = { address: config.address, port: config.port, node: config.name };
    const parts = [codec.encode({ type: "ping", sequence, node: name, source })];
    if (members.status(node) === "suspect")
      parts.push(codec.encode({ type: "suspect", incarnation, node: name, from: config.name }));
    sendToNode(this.#context, node, parts);
  }

  /**
   * Handles an ack. Returns the name of the member that is alive because it replied, or `undefined` if
   * this is not the reply to a ping of this part.
   */
  ack(now: number, sequence: number): string | undefined {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return undefined;
    this.forget(sequence);
    if (this.#membership.clearSuspicion(now, pending.node, pending.incarnation)) {
      log(this.#context, "DEBUG", `Suspect ${pending.node} answered before its suspicion ran out`);
    }
    return pending.node;
  }

  /** Stops waiting for a reply. */
  forget(sequence: number): void {
    this.#pending.delete(sequence);
    this.#context.timers.delete(`reply ${sequence}`);
  }
}
