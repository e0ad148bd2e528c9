/**
 * The last check of a suspect: shortly before a suspicion would end in death, the suspect itself is asked, a few times. An answer
 * proves that its refutation was merely lost on the way to us. This goes beyond memberlist, which never asks again; it is a decision of
 * this node alone and changes nothing on the wire.
 */

import { log, type SwimContext } from "./context.ts";
import type { Membership } from "./membership.ts";
import { sendToNode } from "./transmit.ts";

/** Asks suspects whether they are alive. */
export class LastCheck {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  /** Questions under way: the suspect and the incarnation at which it is suspected, by sequence number. */
  readonly #asked = new Map<number, { readonly node: string; readonly incarnation: number }>();

  constructor(context: SwimContext, membership: Membership) {
    this.#context = context;
    this.#membership = membership;
  }

  /** Asks a suspect, and tells it again of what it is accused. */
  ask(now: number, name: string): void {
    const { members, config, codec, timers } = this.#context;
    const node = members.find(name);
    if (node?.status !== "suspect") return;
    const sequence = this.#context.nextSequence();
    const { incarnation } = node;
    this.#asked.set(sequence, { node: name, incarnation });
    timers.set(`asked ${sequence}`, now + config.probeTimeoutMs, { kind: "asked", sequence });
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

  /** Takes an ack if it answers a question: the suspect is alive. */
  ack(now: number, sequence: number): boolean {
    const asked = this.#asked.get(sequence);
    if (asked === undefined) return false;
    this.forget(sequence);
    if (this.#membership.vouch(now, asked.node, asked.incarnation)) {
      log(this.#context, "DEBUG", `Suspect ${asked.node} answered before its suspicion ran out`);
    }
    return true;
  }

  /** A question was not answered in time, or needs no answer any more. */
  forget(sequence: number): void {
    this.#asked.delete(sequence);
    this.#context.timers.delete(`asked ${sequence}`);
  }
}
