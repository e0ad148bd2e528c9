/**
 * Replies to probes: acks for pings of ourselves, and probes that we run for others as their helper
 * (memberlist `handlePing`, `handleIndirectPing`).
 */

import { formatAddress, joinHostPort, sameAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { noRow } from "../../rows.ts";
import type { Dead, IndirectPing, Ping, ProbeSource } from "../../wire/messages.ts";
import { SwimLimits } from "../config.ts";
import { log, type SwimContext } from "../context.ts";
import { sendWithGossip } from "../transmit.ts";
import { addressFault } from "../validity.ts";
import type { Witness } from "./witness.ts";

/** A probe on behalf of `requester`. */
interface Relay {
  readonly node: string;
  readonly requester: Address;
  readonly sequence: number;
  readonly nack: boolean;
}

/** Replies to probes, and runs probes for others. */
export class ProbeResponder {
  readonly #context: SwimContext;
  readonly #witness: Witness;
  readonly #relays = new Map<number, Relay>();

  constructor(context: SwimContext, witness: Witness) {
    this.#context = context;
    this.#witness = witness;
  }

  /**
   * Acknowledges a ping, unless it names another node. A node that left and runs on repeats its leave
   * to whoever pings it and so has missed that: others may have forgotten it, and would believe the
   * one who has not. And a member that is believed to be gone but pings is asked to refute that.
   */
  ping(from: Address, ping: Ping): void {
    const { config, application, members } = this.#context;
    if (ping.node !== "" && ping.node !== config.name) {
      log(
        this.#context,
        "WARN",
        `Got ping for unexpected node '${ping.node}' from=${joinHostPort(from.host, from.port)}`,
        "packet",
      );
      return;
    }
    const to = replyAddress(from, ping.source);
    const ack = { type: "ack", sequence: ping.sequence, payload: application.ackPayload() } as const;
    const { name: node } = config;
    const self = members.find(node);
    // A node that is about to start is not a member yet.
    if (self !== noRow && members.status(self) === "left") {
      const incarnation = members.incarnation(self);
      sendWithGossip(this.#context, to, ack, { type: "dead", incarnation, node, from: node });
      return;
    }
    const belief = this.#obituary(ping.source.node, to);
    if (belief === undefined) sendWithGossip(this.#context, to, ack);
    else sendWithGossip(this.#context, to, ack, belief);
  }

  /**
   * What this node believes of the member at an address, if that is gone. A member that left may have come
   * back at another address.
   */
  #obituary(node: string, at: Address): Dead | undefined {
    const { members, config } = this.#context;
    const row = members.find(node);
    if (row === noRow || members.isLive(row)) return undefined;
    const { endpoint } = members.identity(row);
    const hasLeft = members.status(row) === "left";
    if (!hasLeft && !sameAddress(endpoint, at)) return undefined;
    const from = hasLeft ? node : config.name;
    return { type: "dead", incarnation: members.incarnation(row), node, from };
  }

  /**
   * Probes the target for the sender. The sender gets the ack, or a nack if there is none in time.
   */
  indirectPing(now: number, from: Address, request: IndirectPing): void {
    const { config, timers } = this.#context;
    if (addressFault(request.target) !== undefined || this.#relays.size >= SwimLimits.relays) return;
    const sequence = this.#context.nextSequence();
    const requester = replyAddress(from, request.source);
    const { node, nack } = request;
    this.#relays.set(sequence, { node, requester, sequence: request.sequence, nack });
    timers.set(`relay ${sequence}`, now + config.probeTimeoutMs, { kind: "relay", sequence });
    const port = config.protocol < 2 || request.port === 0 ? config.bindPort : request.port;
    sendWithGossip(
      this.#context,
      { host: formatAddress(request.target), port },
      {
        type: "ping",
        sequence,
        node: request.node,
        source: { address: config.address, port: config.port, node: config.name },
      },
    );
    this.#witness.look(now, node);
  }

  /**
   * Forwards an ack to the node that asked for the probe. Returns false if it is not a reply to a
   * relayed probe.
   */
  ack(sequence: number): boolean {
    const relay = this.#relays.get(sequence);
    if (relay === undefined) return false;
    this.#relays.delete(sequence);
    this.#witness.replied(relay.node);
    this.#context.timers.delete(`relay ${sequence}`);
    sendWithGossip(this.#context, relay.requester, { type: "ack", sequence: relay.sequence, payload: null });
    return true;
  }

  /** Forgets all relayed probes: after a stall, neither an ack nor a nack would be true. */
  forgetRelays(): void {
    for (const sequence of this.#relays.keys()) this.#context.timers.delete(`relay ${sequence}`);
    this.#relays.clear();
  }

  /** Ends a relayed probe that got no reply in time. */
  expired(sequence: number): void {
    const relay = this.#relays.get(sequence);
    this.#relays.delete(sequence);
    if (relay?.nack === true) {
      sendWithGossip(this.#context, relay.requester, { type: "nack", sequence: relay.sequence });
    }
  }
}

/**
 * Returns where a reply goes: to the address in the message, or else to where its datagram came
 * from.
 */
function replyAddress(from: Address, source: ProbeSource): Address {
  if (source.port === 0 || addressFault(source.address) !== undefined) return from;
  return { host: formatAddress(source.address), port: source.port };
}
