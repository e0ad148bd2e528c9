/**
 * Failure detection: at each probe interval one member is pinged. If it does not reply, helpers
 * ping it for us and we try TCP; if nothing gets a reply, it is suspected (SWIM, sections 3.1 and
 * 4.3; Lifeguard, sections IV-A and IV-C; memberlist `probeNode`).
 */

import { sameAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { noBytes } from "../../bytes.ts";
import { noRow, type Row } from "../../rows.ts";
import type { Ping } from "../../wire/messages.ts";
import { log, type SwimContext } from "../context.ts";
import { type Identity, versionIndex } from "../identity.ts";
import type { Membership } from "../membership.ts";
import type { Exchanges } from "../streams/exchanges.ts";
import { sendToNode, sendWithGossip } from "../transmit.ts";
import { RoundTrips } from "./round_trips.ts";
import type { Witness } from "./witness.ts";

/** The first protocol version that replies to TCP pings. */
const tcpPingProtocol = 3;
/** The first protocol version that sends nacks. */
const nackProtocol = 4;

/** A probe timeout leaves room for the peer to be busy: this part of the setting. */
const marginShare = 0.25;
/** A probe timeout is this many settings at least, and at most. */
const timeoutsMin = 0.5;
const timeoutsMax = 4;
/** Of each round, this much may pass before helpers are asked. */
const directShare = 0.6;

/** One round of probing. `incarnation` is that of the target when the round began. */
interface Round {
  readonly sequence: number;
  readonly node: Row;
  readonly name: string;
  readonly incarnation: number;
  /** Whether the target is the next of all, and not one that this node watches. */
  readonly inTurn: boolean;
  readonly ping: Ping;
  readonly startedAt: number;
  /** How long a direct ack may take before helpers are asked. */
  readonly timeoutMs: number;
  readonly endsAt: number;
  helping: boolean;
  expectedNacks: number;
  nacks: number;
  tcpContact: boolean;
  sendFailed: boolean;
}

/** The prober of one node: at most one round at a time. */
export class Prober {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  readonly #exchanges: Exchanges;
  readonly #witness: Witness;
  readonly #roundTrips = new RoundTrips();
  #cursor = 0;
  /** Whether the last round was for a member that this node watches. */
  #watches = true;
  #round: Round | undefined;
  #tickAt = 0;
  #tickMissed = false;

  constructor(context: SwimContext, membership: Membership, exchanges: Exchanges, witness: Witness) {
    this.#context = context;
    this.#membership = membership;
    this.#exchanges = exchanges;
    this.#witness = witness;
  }

  /** Starts the loop at a random phase of the interval, so that nodes that start together are not in step. */
  start(now: number): void {
    const { random, config } = this.#context;
    this.#tickAt = now - (config.rules.randomPhases ? random.below(config.probeIntervalMs) : 0);
    this.#armTick(now);
  }

  /**
   * Begins a round because the probe interval has passed. If a round is running, the next one
   * begins right after it.
   */
  tick(now: number): void {
    this.#armTick(now);
    this.#witness.acquaint(now);
    if (this.#round !== undefined) this.#tickMissed = true;
    else this.#probeNext(now);
  }

  /** Asks helpers and tries TCP, because no direct reply came in time. */
  timeout(now: number): void {
    const round = this.#round;
    if (round === undefined || round.helping) return;
    log(this.#context, "DEBUG", `Failed UDP ping: ${round.name} (timeout reached)`);
    this.#askForHelp(now, round);
  }

  /** Ends a round without an ack: suspects the target, unless it replied over TCP. */
  end(now: number): void {
    const round = this.#round;
    if (round === undefined) return;
    if (round.tcpContact) {
      log(
        this.#context,
        "WARN",
        `Was able to connect to ${round.name} over TCP but UDP probes failed, network may be misconfigured`,
      );
      this.#finish(now, round.sendFailed ? 0 : -1);
      return;
    }
    const missing = Math.max(0, round.expectedNacks - round.nacks);
    const { name: node, incarnation } = round;
    log(this.#context, "INFO", `Suspect ${node} has failed, no acks received`);
    this.#membership.suspect(now, { type: "suspect", incarnation, node, from: this.#context.config.name });
    this.#finish(now, round.expectedNacks > 0 ? missing : 1);
  }

  /** Handles an ack. Returns false if it does not belong to the running round. */
  ack(now: number, sequence: number, payload: Uint8Array | null): boolean {
    const round = this.#round;
    if (round === undefined || round.sequence !== sequence) return false;
    const { application, config } = this.#context;
    const roundTripMs = now - round.startedAt;
    // A helper passes on an ack without its payload, and nobody helps before being asked.
    const isDirect = !round.helping || payload !== null;
    if (isDirect) this.#roundTrips.add(this.#identity(round), roundTripMs);
    if (isDirect && roundTripMs <= Math.max(round.timeoutMs, config.probeTimeoutMs))
      application.pingCompleted(now, this.#identity(round), roundTripMs, payload ?? noBytes);
    this.#witness.replied(round.name);
    this.#finish(now, round.sendFailed ? 0 : -1);
    return true;
  }

  /** Counts a helper's nack if it belongs to the running round. */
  nack(sequence: number): void {
    if (this.#round?.sequence === sequence) this.#round.nacks += 1;
  }

  /**
   * Asks for help at once if the datagram that could not be sent was the ping of the running round.
   */
  sendFailed(now: number, to: Address): void {
    const round = this.#round;
    if (round === undefined || round.helping) return;
    const { endpoint } = this.#identity(round);
    if (!sameAddress(endpoint, to)) return;
    round.sendFailed = true;
    this.#askForHelp(now, round);
  }

  /** Ends the running round without a result, because it overlapped a stall; its target is next. */
  voidRound(): void {
    if (this.#round === undefined) return;
    const { timers, members } = this.#context;
    if (this.#round.inTurn) this.#cursor = Math.min(Math.max(0, this.#cursor - 1), members.count);
    this.#round = undefined;
    this.#tickMissed = false;
    timers.delete("probe timeout");
    timers.delete("probe end");
  }

  #armTick(now: number): void {
    const { probeIntervalMs } = this.#context.config;
    this.#tickAt += probeIntervalMs;
    if (this.#tickAt <= now) this.#tickAt = now + probeIntervalMs;
    this.#context.timers.set("probe", this.#tickAt, { kind: "probe" });
  }

  /** Begins the next round: in turns with a member that this node watches, and with the next of all. */
  #probeNext(now: number): void {
    const { members, config } = this.#context;
    this.#watches = !this.#watches;
    const watched = this.#watches ? this.#witness.nextToProbe() : noRow;
    if (watched !== noRow) {
      this.#probe(now, watched, false);
      return;
    }
    for (let tries = 0; tries < members.count; tries++) {
      if (this.#cursor >= members.count) {
        this.#membership.reap(now);
        this.#cursor = 0;
        continue;
      }
      const node = members.order.at(this.#cursor);
      this.#cursor += 1;
      if (members.name(node) === config.name || !members.isLive(node)) continue;
      this.#probe(now, node, true);
      return;
    }
  }

  #probe(now: number, node: Row, inTurn: boolean): void {
    const { config, awareness, timers, codec, outbox, members } = this.#context;
    if (awareness.score > 0) outbox.meter?.incr("memberlist.degraded.probe", 1);
    const sequence = this.#context.nextSequence();
    const source = { address: config.address, port: config.port, node: config.name };
    const { name, endpoint } = members.identity(node);
    const incarnation = members.incarnation(node);
    const ping: Ping = { type: "ping", sequence, node: name, source };
    const endsAt = now + awareness.scale(config.probeIntervalMs);
    const timeoutMs = this.#timeoutMs(node, endsAt - now);
    this.#round = {
      sequence,
      node,
      name,
      incarnation,
      inTurn,
      ping,
      startedAt: now,
      timeoutMs,
      endsAt,
      helping: false,
      expectedNacks: 0,
      nacks: 0,
      tcpContact: false,
      sendFailed: false,
    };
    timers.set("probe end", endsAt, { kind: "probeEnd" });
    timers.set("probe timeout", now + timeoutMs, { kind: "probeTimeout" });
    if (members.status(node) === "alive" || !config.rules.buddy) {
      sendWithGossip(this.#context, endpoint, ping);
      return;
    }
    // A suspected target gets the suspicion with the probe, so that it can refute at once (the
    // buddy system of Lifeguard).
    const suspect = codec.encode({ type: "suspect", incarnation, node: name, from: config.name });
    sendToNode(this.#context, node, [codec.encode(ping), suspect]);
  }

  /**
   * How long a direct ack may take: as long as those of the peer take at most (RFC 6298), and some time
   * more. Helpers and TCP get the rest of the round in any case.
   */
  #timeoutMs(node: Row, roundMs: number): number {
    const { members, config } = this.#context;
    const { probeTimeoutMs: setting, rules } = config;
    const roundTripMs = rules.adaptiveTimeouts ? this.#roundTrips.longest(members.identity(node)) : undefined;
    if (roundTripMs === undefined) return setting;
    const wanted = Math.max(roundTripMs + marginShare * setting, timeoutsMin * setting);
    return Math.round(Math.min(wanted, timeoutsMax * setting, directShare * roundMs));
  }

  /** Chooses helpers: first those who watch the target, so that they look after it, but one at least by chance. */
  #helpers({ node }: Round): Row[] {
    const { members, config } = this.#context;
    const canHelp = (other: Row): boolean =>
      members.status(other) === "alive" && members.name(other) !== config.name && other !== node;
    const first = this.#witness
      .witnessesOf(node)
      .filter(canHelp)
      .slice(0, Math.max(0, config.indirectChecks - 1));
    const others = members.pick(
      config.indirectChecks - first.length,
      (other) => canHelp(other) && !first.includes(other),
    );
    return [...first, ...others];
  }

  #askForHelp(now: number, round: Round): void {
    const { members, config } = this.#context;
    round.helping = true;
    const { sequence, name } = round;
    const { address, endpoint, versions } = this.#identity(round);
    this.#witness.look(now, name);
    for (const row of this.#helpers(round)) {
      const helper = members.identity(row);
      const nack = config.rules.nacks && helper.versions[versionIndex.protocolMax]! >= nackProtocol;
      if (nack) round.expectedNacks += 1;
      sendWithGossip(this.#context, helper.endpoint, {
        type: "indirectPing",
        sequence,
        target: address,
        port: endpoint.port,
        node: name,
        nack,
        source: round.ping.source,
      });
    }
    if (versions[versionIndex.protocolMax]! >= tcpPingProtocol && now < round.endsAt) {
      this.#exchanges.ping(now, endpoint, round.ping, round.endsAt, (_now, error) => {
        if (error === undefined) round.tcpContact = true;
        else log(this.#context, "ERR", `Failed fallback TCP ping: ${error}`);
      });
    }
  }

  /** The target of a round. It stays in the table until no round runs. */
  #identity({ node }: Round): Identity {
    return this.#context.members.identity(node);
  }

  #finish(now: number, delta: number): void {
    const { awareness, timers, outbox } = this.#context;
    if (this.#round !== undefined) outbox.meter?.sample("memberlist.probeNode", now - this.#round.startedAt);
    this.#round = undefined;
    timers.delete("probe timeout");
    timers.delete("probe end");
    awareness.apply(delta);
    if (!this.#tickMissed) return;
    this.#tickMissed = false;
    this.#probeNext(now);
  }
}
