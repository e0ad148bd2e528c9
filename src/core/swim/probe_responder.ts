/**
 * Answering probes: our own acks, and probes that we run for others as their helper (memberlist `handlePing`,
 * `handleIndirectPing`).
 */

import { formatAddress, joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import type { IndirectPing, Ping, ProbeSource } from "../wire/messages.ts";
import { SwimLimits } from "./config.ts";
import { log, type SwimContext } from "./context.ts";
import { sendWithNews } from "./transmit.ts";
import { addressFault } from "./validity.ts";

/** A probe on behalf of `requester`. */
interface Relay {
  readonly requester: Address;
  readonly sequence: number;
  readonly nack: boolean;
}

/** Answers probes, and runs probes for others. */
export class ProbeResponder {
  readonly #context: SwimContext;
  readonly #relays = new Map<number, Relay>();

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** Acknowledges a ping that is meant for us. */
  ping(from: Address, ping: Ping): void {
    const { config, application } = this.#context;
    if (ping.node !== "" && ping.node !== config.name) {
      log(
        this.#context,
        "WARN",
        `Got ping for unexpected node '${ping.node}' from=${joinHostPort(from.host, from.port)}`,
      );
      return;
    }
    sendWithNews(this.#context, replyAddress(from, ping.source), {
      type: "ack",
      sequence: ping.sequence,
      payload: application.ackPayload(),
    });
  }

  /** Probes the target for the sender, whom we tell of an ack, or with a nack of its absence. */
  indirectPing(now: number, from: Address, request: IndirectPing): void {
    const { config, timers } = this.#context;
    if (addressFault(request.target) !== undefined || this.#relays.size >= SwimLimits.relays) return;
    const sequence = this.#context.nextSequence();
    const requester = replyAddress(from, request.source);
    this.#relays.set(sequence, { requester, sequence: request.sequence, nack: request.nack });
    timers.set(`relay ${sequence}`, now + config.probeTimeoutMs, { kind: "relay", sequence });
    const port = config.protocol < 2 || request.port === 0 ? config.bindPort : request.port;
    sendWithNews(
      this.#context,
      { host: formatAddress(request.target), port },
      {
        type: "ping",
        sequence,
        node: request.node,
        source: { address: config.address, port: config.port, node: config.name },
      },
    );
  }

  /** Passes an ack on if it answers a relayed probe. */
  ack(sequence: number): boolean {
    const relay = this.#relays.get(sequence);
    if (relay === undefined) return false;
    this.#relays.delete(sequence);
    this.#context.timers.delete(`relay ${sequence}`);
    sendWithNews(this.#context, relay.requester, { type: "ack", sequence: relay.sequence, payload: null });
    return true;
  }

  /** A relayed probe was not answered in time. */
  expired(sequence: number): void {
    const relay = this.#relays.get(sequence);
    this.#relays.delete(sequence);
    if (relay?.nack === true) {
      sendWithNews(this.#context, relay.requester, { type: "nack", sequence: relay.sequence });
    }
  }
}

/** Where an answer goes: the address the sender gave, or else where its datagram came from. */
function replyAddress(from: Address, source: ProbeSource): Address {
  if (source.port === 0 || addressFault(source.address) !== undefined) return from;
  return { host: formatAddress(source.address), port: source.port };
}
