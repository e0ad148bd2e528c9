/**
 * The membership layer of one node: routes packets, streams and deadlines to the parts that know what to do. Pure: it is told the
 * time, draws from an injected source of randomness, and asks for effects through the shared outbox.
 */

import { joinHostPort, parseAddress } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { Outbox } from "../effects.ts";
import type { Random } from "../random.ts";
import { Timers } from "../timers.ts";
import type { Codec } from "../wire/codec.ts";
import { WireError } from "../wire/error.ts";
import type { Ack, Alive, PacketMessage } from "../wire/messages.ts";
import type { Application } from "./application.ts";
import { Awareness } from "./awareness.ts";
import { Broadcasts } from "./broadcasts.ts";
import { type SwimConfig, SwimLimits } from "./config.ts";
import { log, type SwimContext, type SwimTimer } from "./context.ts";
import { Exchanges } from "./exchanges.ts";
import { Faults } from "./faults.ts";
import { Gossip } from "./gossip.ts";
import { LastCheck } from "./last_check.ts";
import { Members, type Node } from "./members.ts";
import { isAllowed, Membership } from "./membership.ts";
import { Answerer } from "./probe_responder.ts";
import { Prober } from "./prober.ts";
import { PushPulls } from "./push_pull.ts";
import { sendUser, userRoom } from "./transmit.ts";

/** What a node's membership layer is built from. */
export interface SwimParts {
  readonly config: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  readonly application: Application;
  // biome-ignore lint/suspicious/noExplicitAny: the membership layer never emits events, so any event type will do
  readonly outbox: Outbox<any>;
}

/** SWIM with Lifeguard, as memberlist speaks it. */
export class Swim {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  readonly #prober: Prober;
  readonly #answerer: Answerer;
  readonly #lastCheck: LastCheck;
  readonly #gossip: Gossip;
  readonly #exchanges: Exchanges;
  readonly #pushPulls: PushPulls;
  readonly #faults: Faults;
  #sequence = 0;

  constructor(parts: SwimParts) {
    const members = new Members(parts.random);
    const broadcasts = new Broadcasts({
      retransmitMult: parts.config.retransmitMult,
      nodeCount: () => members.count,
      lengthMax: () => SwimLimits.members,
    });
    const timers = new Timers<SwimTimer>();
    this.#context = {
      ...parts,
      members,
      broadcasts,
      timers,
      awareness: new Awareness(parts.config.awarenessMax, (score) =>
        parts.outbox.meter?.gauge("memberlist.health.score", score),
      ),
    };
    const nextSequence = (): number => {
      this.#sequence = (this.#sequence + 1) >>> 0;
      return this.#sequence;
    };
    this.#membership = new Membership(this.#context);
    this.#exchanges = new Exchanges(this.#context, () => this.#pushPulls);
    this.#pushPulls = new PushPulls(this.#context, this.#membership, {
      exchange: (now, node) => this.#syncWith(now, node),
    });
    this.#prober = new Prober(
      this.#context,
      this.#membership,
      {
        ping: (now, node, ping, deadline, answered) =>
          this.#exchanges.ping(now, node.endpoint, ping, deadline, (_now, error) => {
            if (error === null) answered();
            else log(this.#context, "ERR", `Failed fallback TCP ping: ${error}`);
          }),
      },
      nextSequence,
    );
    this.#answerer = new Answerer(this.#context, nextSequence);
    this.#lastCheck = new LastCheck(this.#context, this.#membership, nextSequence);
    this.#gossip = new Gossip(this.#context);
    this.#faults = new Faults(this.#context);
  }

  /** Known nodes in probing order, our own included. */
  get nodes(): readonly Node[] {
    return this.#context.members.list;
  }

  /** The record of a name. */
  find(name: string): Node | undefined {
    return this.#context.members.find(name);
  }

  /** Nodes that are alive or suspected, our own included. */
  get liveCount(): number {
    return this.#context.members.liveCount;
  }

  /** Lifeguard's health score; 0 is healthy. */
  get healthScore(): number {
    return this.#context.awareness.score;
  }

  /** The largest user message that gossip can carry. */
  get userRoom(): number {
    return userRoom(this.#context);
  }

  /** Packets and parts of packets that were dropped as malformed. */
  get faultCount(): number {
    return this.#faults.count;
  }

  /** Measures how much news waits. */
  checkQueue(): void {
    const { broadcasts, outbox } = this.#context;
    outbox.meter?.sample("memberlist.queue.broadcasts", broadcasts.length);
  }

  /** Announces this node, above the incarnation of an earlier life, and starts all loops. */
  start(now: number, past = 0): void {
    this.#membership.resume(past);
    this.#membership.announce(now);
    this.#prober.start(now);
    this.#gossip.start(now);
    this.#pushPulls.start(now);
  }

  /** Announces changed metadata. `finished` is called when the news has spread, at once if there is nobody to tell. */
  update(now: number, finished: () => void): void {
    if (this.liveCount > 1) {
      this.#membership.announce(now, finished);
      return;
    }
    this.#membership.announce(now);
    finished();
  }

  /** Says goodbye. `finished` is called when the news has spread, at once if there is nobody to tell. */
  leave(now: number, finished: () => void): void {
    const others = this.liveCount > 1;
    this.#membership.leave(now, others ? finished : () => undefined);
    if (!others) finished();
  }

  /** Takes a goodbye back: this node is alive again, at a higher incarnation. */
  comeBack(now: number): void {
    this.#membership.comeBack(now);
  }

  /** Exchanges state with an address, to join through it. `done` gets a text when it failed. */
  join(now: number, to: Address, name: string, done: (now: number, error: string | null) => void): void {
    this.#exchanges.pushPull(now, to, name, true, done);
  }

  /** Sends one user message to an address as a single packet. */
  sendUser(to: Address, payload: Uint8Array): void {
    sendUser(this.#context, to, payload);
  }

  /** A datagram arrived. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    const { codec, config, outbox } = this.#context;
    outbox.meter?.incr("memberlist.udp.received", bytes.length);
    let opened: ReturnType<Codec["open"]>;
    try {
      opened = codec.open(bytes, { verifyIncoming: config.verifyIncoming });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#faults.report(now, from, error.message);
      return;
    }
    for (const fault of opened.faults) this.#faults.report(now, from, fault);
    for (const message of opened.messages) this.#message(now, from, message);
  }

  /** A datagram could not be sent. */
  sendFailed(now: number, to: Address, text: string): void {
    log(this.#context, "ERR", `Failed to send UDP packet to ${joinHostPort(to.host, to.port)}: ${text}`);
    this.#prober.sendFailed(now, to);
  }

  /** A peer connected; `undefined` refuses it. */
  streamAccepted(now: number, peer: Address): number | undefined {
    return this.#exchanges.accepted(now, peer);
  }

  /** A dial succeeded. */
  streamOpened(now: number, id: number): void {
    this.#exchanges.opened(now, id);
  }

  /** Bytes arrived on a stream. */
  streamReceived(now: number, id: number, bytes: Uint8Array): void {
    this.#exchanges.received(now, id, bytes);
  }

  /** The peer ended its side of a stream. */
  streamEnded(now: number, id: number): void {
    this.#exchanges.ended(now, id);
  }

  /** A dial or a stream failed. */
  streamFailed(now: number, id: number, text: string): void {
    this.#exchanges.failed(now, id, text);
  }

  /** When {@link tick} has to be called next. */
  deadline(): number {
    return this.#context.timers.next();
  }

  /** Runs everything that is due. */
  tick(now: number): void {
    for (
      let timer = this.#context.timers.take(now);
      timer !== undefined;
      timer = this.#context.timers.take(now)
    ) {
      this.#due(now, timer);
    }
  }

  #due(now: number, timer: SwimTimer): void {
    switch (timer.kind) {
      case "probe":
        this.#prober.tick(now);
        return;
      case "probeTimeout":
        this.#prober.timeout(now);
        return;
      case "probeEnd":
        this.#prober.end(now);
        return;
      case "relay":
        this.#answerer.expired(timer.sequence);
        return;
      case "gossip":
        this.#gossip.tick(now);
        return;
      case "pushPull":
        this.#pushPulls.tick(now);
        return;
      case "suspicion":
        this.#membership.suspicionExpired(now, timer.node);
        return;
      case "lastCheck":
        this.#membership.lastCheckDue(timer.node, timer.left);
        this.#lastCheck.ask(now, timer.node);
        return;
      case "asked":
        this.#lastCheck.forget(timer.sequence);
        return;
      case "exchange":
        this.#exchanges.expired(now, timer.id);
        return;
      default:
        unreachable(timer);
    }
  }

  #message(now: number, from: Address, message: PacketMessage): void {
    switch (message.type) {
      case "ping":
        this.#answerer.ping(from, message);
        return;
      case "indirectPing":
        this.#answerer.indirectPing(now, from, message);
        return;
      case "ack":
        this.#ack(now, message);
        return;
      case "nack":
        this.#prober.nack(message.sequence);
        return;
      case "suspect":
        this.#membership.suspect(now, message);
        return;
      case "alive":
        this.#alive(now, from, message);
        return;
      case "dead":
        this.#membership.dead(now, message);
        return;
      case "user":
        this.#context.application.message(now, from, message.payload);
        return;
      default:
        unreachable(message);
    }
  }

  #ack(now: number, { sequence, payload }: Ack): void {
    if (this.#prober.ack(now, sequence, payload) || this.#lastCheck.ack(now, sequence)) return;
    this.#answerer.ack(sequence);
  }

  #alive(now: number, from: Address, message: Alive): void {
    const { config } = this.#context;
    const sender = parseAddress(from.host);
    if (sender !== undefined && !isAllowed(config, sender)) {
      log(
        this.#context,
        "DEBUG",
        `Blocked alive message: not allowed from=${joinHostPort(from.host, from.port)}`,
      );
      return;
    }
    // Protocol 1 carries no ports: everybody uses the same one.
    this.#membership.alive(now, config.protocol < 2 ? { ...message, port: config.bindPort } : message);
  }

  #syncWith(now: number, node: Node): void {
    this.#exchanges.pushPull(now, node.endpoint, node.name, false, (_now, error) => {
      if (error !== null) log(this.#context, "ERR", `Push/Pull with ${node.name} failed: ${error}`);
    });
  }
}
