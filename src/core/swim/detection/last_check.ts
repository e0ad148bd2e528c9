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
import type { Witness } from "./witness.ts";

/** Pings suspects before their suspicions expire. */
export class LastCheck {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  readonly #witness: Witness;
  /**
   * Pings that wait for a reply, by sequence number: the suspect, and the incarnation at which it
   * is suspected.
   */
  readonly #pending = new Map<number, { readonly node: string; readonly incarnation: number }>();

  constructor(context: SwimContext, membership: Membership, witness: Witness) {
    this.#context = context;
    this.#membership = membership;
    this.#witness = witness;
    // Who looks at the port of a suspect pings it as well.
    membership.suspicions.watch((now, name) => {
      if (witness.accused(now, name)) this.ping(now, name);
    });
  }

  /** Pings a suspect and repeats the suspicion to it, so that it can refute. */
  ping(now: number, name: string): void {
    const { members, config, codec, timers } = this.#context;
    const node = members.find(name);
    if (node === noRow || members.status(node) !== "suspect") return;
    const sequence = this.#context.nextSequence();
    const incarnation = members.incarnation(node);
    this.#pending.set(sequence, { node: name, incarnation });
    timers.set(`reply ${sequence}`, now + config.probeTimeoutMs, { kind: "lastCheckReply", sequence });
    sendToNode(this.#context, node, [
      codec.encode({
        type: "ping",
        sequence,
        node: name,
        source: { address: config.address, port: config.port, node: config.name },
      }),
      codec.encode({ type: "suspect", incarnation, node: name, from: config.name }),
    ]);
  }

  /**
   * Handles an ack. Returns false if it is not a reply to a last check; otherwise the suspect is
   * alive.
   */
  ack(now: number, sequence: number): boolean {
    const pending = this.#pending.get(sequence);
    if (pending === undefined) return false;
    this.forget(sequence);
    this.#witness.replied(pending.node);
    if (this.#membership.clearSuspicion(now, pending.node, pending.incarnation)) {
      log(this.#context, "DEBUG", `Suspect ${pending.node} answered before its suspicion ran out`);
    }
    return true;
  }

  /** Stops waiting for a reply. */
  forget(sequence: number): void {
    this.#pending.delete(sequence);
    this.#context.timers.delete(`reply ${sequence}`);
  }
}
