/**
 * The membership layer of one node: passes packets, streams and deadlines to the parts that handle
 * them. It is pure: time and randomness are passed in, and effects go to the shared outbox.
 */

import { joinHostPort, parseAddress } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { StreamInput } from "../effects.ts";
import { noRow } from "../rows.ts";
import { WireError } from "../wire/error.ts";
import type { OpenedPacket } from "../wire/message_codec.ts";
import type { Ack, Alive, PacketMessage } from "../wire/messages.ts";
import type { SwimConfig } from "./config.ts";
import { createContext, log, type SwimContext, type SwimContextOptions, type SwimTimer } from "./context.ts";
import { LastCheck } from "./detection/last_check.ts";
import { ProbeResponder } from "./detection/probe_responder.ts";
import { Prober } from "./detection/prober.ts";
import { Witness } from "./detection/witness.ts";
import { Gossip } from "./gossip/gossip.ts";
import { Ring } from "./gossip/ring.ts";
import type { SwimLoad } from "./load.ts";
import type { Node, Standing } from "./members.ts";
import { Membership } from "./membership.ts";
import type { Tally } from "./queue/tally.ts";
import { Stalls } from "./stalls.ts";
import type { Done } from "./streams/exchange.ts";
import { Exchanges } from "./streams/exchanges.ts";
import { FullState } from "./streams/full_state.ts";
import { PushPulls } from "./streams/push_pull.ts";
import { sendUser, userRoom } from "./transmit.ts";
import { isAllowed } from "./validity.ts";

/** SWIM with Lifeguard, compatible with memberlist. */
export class Swim {
  readonly #context: SwimContext;
  readonly #membership: Membership;
  readonly #witness: Witness;
  readonly #prober: Prober;
  readonly #responder: ProbeResponder;
  readonly #lastCheck: LastCheck;
  readonly #ring: Ring;
  readonly #gossip: Gossip;
  readonly #fullState: FullState;
  readonly #exchanges: Exchanges;
  readonly #pushPulls: PushPulls;
  readonly #stalls: Stalls;
  #faultCount = 0;
  /** Where the present input came from, if it is a packet. */
  #from: Address | undefined;

  constructor(options: SwimContextOptions) {
    const context = createContext(options);
    this.#context = context;
    this.#membership = new Membership(context);
    this.#fullState = new FullState(context, this.#membership);
    this.#exchanges = new Exchanges(context, this.#fullState);
    this.#pushPulls = new PushPulls(context, this.#exchanges);
    this.#ring = new Ring(context.members, context.config.name);
    this.#lastCheck = new LastCheck(context, this.#membership);
    this.#witness = new Witness(context, this.#ring, this.#membership, this.#exchanges, this.#lastCheck);
    this.#prober = new Prober(context, this.#membership, this.#exchanges, this.#witness);
    this.#responder = new ProbeResponder(context, this.#witness);
    this.#gossip = new Gossip(context, this.#ring);
    this.#stalls = new Stalls(context, (now, lostMs) => this.#stalled(now, lostMs));
  }

  /** The settings of this layer. */
  get config(): SwimConfig {
    return this.#context.config;
  }

  /** All known nodes in probing order, our own included. */
  get nodes(): Node[] {
    const { members } = this.#context;
    return Array.from(members.order, (row) => members.node(row));
  }

  /** Returns the node of a name, or `undefined`. */
  find(name: string): Node | undefined {
    const { members } = this.#context;
    const row = members.find(name);
    return row === noRow ? undefined : members.node(row);
  }

  /** The number of nodes that are alive or suspected, our own included. */
  get liveCount(): number {
    return this.#context.members.liveCount;
  }

  /** Returns where to reach other live nodes, at most `countMax`; the neighbours on the ring come first. */
  nearest(countMax: number): Address[] {
    return this.#ring.nearest(countMax).map((row) => this.#context.members.identity(row).endpoint);
  }

  /** The health score of Lifeguard; 0 is healthy. */
  get healthScore(): number {
    return this.#context.awareness.score;
  }

  /** Counts what waits in the broadcast queues: those of the layer above use it, too. */
  get tally(): Tally {
    return this.#context.tally;
  }

  /** The size of the largest user message that fits a gossip packet. */
  get userRoom(): number {
    return userRoom(this.#context);
  }

  /** The number of packets, and of parts of packets, that were dropped as malformed. */
  get faultCount(): number {
    return this.#faultCount;
  }

  /** What this layer holds at the moment: see {@link SwimLoad}. */
  get load(): SwimLoad {
    const { broadcasts, timers } = this.#context;
    return {
      broadcasts: { length: broadcasts.length, bytes: broadcasts.bytes },
      exchanges: { length: this.#exchanges.count, bytes: this.#exchanges.bytes },
      timers: timers.size,
    };
  }

  /** Calls `changed` with every node that is new, or whose status or incarnation was set. */
  watch(changed: (node: Node) => void): void {
    this.#context.members.watch(changed);
  }

  /** Measures the length of the broadcast queue. */
  checkQueue(): void {
    this.#context.outbox.meter?.sample("memberlist.queue.broadcasts", this.#context.broadcasts.length);
  }

  /**
   * Announces this node and starts all loops. `past` is the last incarnation that it announced
   * before a restart.
   */
  start(now: number, past = 0): void {
    this.#stalls.start(now);
    this.#membership.resume(past);
    this.#membership.announce(now);
    this.#prober.start(now);
    this.#gossip.start(now);
    this.#pushPulls.start(now);
  }

  /** What this node has announced of itself since it was started. */
  get standing(): Standing {
    const { members, config } = this.#context;
    const self = members.find(config.name);
    return { identity: members.identity(self), incarnation: members.incarnation(self) };
  }

  /** Makes members known that everybody knows, without any message; this node is known, too. */
  adopt(now: number, members: readonly Standing[]): void {
    this.#membership.adopt(members);
    this.#context.broadcasts.withdraw(this.config.name);
    this.#pushPulls.spread(now);
  }

  /**
   * Announces changed metadata. Calls `finished` when the broadcast has been sent often enough, or
   * at once if there are no other members.
   */
  update(now: number, finished: () => void): void {
    if (this.liveCount > 1) {
      this.#membership.announce(now, finished);
      return;
    }
    this.#membership.announce(now);
    finished();
  }

  /**
   * Leaves the cluster. Calls `finished` when the broadcast has been sent often enough, or at once
   * if there are no other members.
   */
  leave(now: number, finished: () => void): void {
    this.stopJobs(now);
    const others = this.liveCount > 1;
    this.#membership.leave(now, others ? finished : () => undefined);
    if (!others) finished();
  }

  /** Drops large states that are being received, answered or merged: this node does not need them any more. */
  stopJobs(now: number): void {
    this.#exchanges.stop(now);
    this.#fullState.stop(now);
  }

  /** Takes a leave back: alive again, at a higher incarnation. */
  comeBack(now: number): void {
    this.#membership.comeBack(now);
  }

  /**
   * Joins through an address by exchanging state with it. `done` gets a reason if that failed;
   * `connected` is called when the address is reached, before our state is sent.
   */
  join(now: number, to: Address, name: string, done: Done, connected?: (now: number) => void): void {
    this.#pushPulls.join(now, to, { name, connected, done });
  }

  /** Looks over TCP whether a node of a name is at an address; `done` gets a reason if none replies. */
  seek(now: number, to: Address, name: string, done: Done): void {
    this.#exchanges.seek(now, to, name, done);
  }

  /** Sends one user message to an address, in a packet of its own. */
  sendUser(to: Address, payload: Uint8Array): void {
    sendUser(this.#context, to, payload);
  }

  /** Handles a datagram that arrived. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    this.#stalls.notice(now);
    this.#from = from;
    const { codec, config, outbox } = this.#context;
    outbox.meter?.incr("memberlist.udp.received", bytes.length);
    let opened: OpenedPacket;
    try {
      opened = codec.open(bytes, { verifyIncoming: config.verifyIncoming });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#malformed(from, error.message);
      return;
    }
    for (const fault of opened.faults) this.#malformed(from, fault);
    const payloads: Uint8Array[] = [];
    for (const message of opened.messages) {
      if (message.type === "user") payloads.push(message.payload);
      else this.#message(now, from, message);
    }
    if (payloads.length > 0) this.#context.application.messages(now, from, payloads);
  }

  /** Handles that a datagram could not be sent. `text` is for the log. */
  sendFailed(now: number, to: Address, text: string): void {
    log(this.#context, "ERR", `Failed to send UDP packet to ${joinHostPort(to.host, to.port)}: ${text}`);
    this.#prober.sendFailed(now, to);
  }

  /** Accepts a connection of a peer. Returns the id of the stream. */
  accept(now: number, peer: Address): number {
    return this.#exchanges.accept(now, peer);
  }

  /** Handles what happened on a stream. */
  stream(now: number, id: number, input: StreamInput): void {
    this.#exchanges.stream(now, id, input);
  }

  /**
   * Returns when {@link tick} has to be called next; `Infinity` for never. `now` is the time of the
   * last input.
   */
  deadline(now: number): number {
    return Math.min(this.#context.timers.next(), this.#gossip.deadline(now));
  }

  /** Sends what came up since the last input and need not wait. Call it after every input. */
  hasten(now: number): void {
    this.#gossip.hasten(now, this.#from);
    this.#from = undefined;
  }

  /** Call it in place of {@link hasten} if other inputs come with this one. Returns whether anything waits. */
  hold(now: number): boolean {
    const isHeld = this.#gossip.hold(now, this.#from);
    this.#from = undefined;
    return isHeld;
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    this.#stalls.notice(now);
    for (
      let timer = this.#context.timers.take(now);
      timer !== undefined;
      timer = this.#context.timers.take(now)
    ) {
      this.#due(now, timer);
    }
    this.#gossip.tick(now);
  }

  /** The running probe is void, relayed probes are forgotten, and suspicions get back the time that was lost. */
  #stalled(now: number, lostMs: number): void {
    this.#prober.voidRound();
    this.#responder.forgetRelays();
    this.#witness.forget();
    this.#membership.suspicions.extend(now, lostMs);
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
        this.#responder.expired(timer.sequence);
        return;
      case "pushPull":
        this.#pushPulls.tick(now);
        return;
      case "settled":
        this.#pushPulls.settled(now);
        return;
      case "exchangeJob":
        this.#exchanges.next(now);
        return;
      case "mergeJob":
        this.#fullState.mergeNext(now);
        return;
      case "suspicion":
        this.#membership.suspicionExpired(now, timer.node);
        return;
      case "lastCheck":
        this.#membership.suspicions.lastCheckDue(timer.node, timer.left);
        this.#lastCheck.ping(now, timer.node);
        return;
      case "lastCheckReply":
        this.#lastCheck.forget(timer.sequence);
        return;
      case "knock":
        this.#witness.due(now, timer.node);
        return;
      case "exchange":
        this.#exchanges.expired(now, timer.id);
        return;
      default:
        unreachable(timer);
    }
  }

  #message(now: number, from: Address, message: Exclude<PacketMessage, { type: "user" }>): void {
    switch (message.type) {
      case "ping":
        this.#responder.ping(from, message);
        return;
      case "indirectPing":
        this.#responder.indirectPing(now, from, message);
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
      default:
        unreachable(message);
    }
  }

  /** Counts and logs a malformed packet, or a part of one. */
  #malformed(from: Address, text: string): void {
    this.#faultCount += 1;
    log(this.#context, "ERR", `${text} from=${joinHostPort(from.host, from.port)}`, "packet");
  }

  #ack(now: number, { sequence, payload }: Ack): void {
    if (this.#prober.ack(now, sequence, payload) || this.#responder.ack(sequence)) return;
    const name = this.#lastCheck.ack(now, sequence);
    if (name !== undefined) this.#witness.replied(name);
  }

  #alive(now: number, from: Address, message: Alive): void {
    const { config } = this.#context;
    const sender = config.allowedBlocks.length > 0 ? parseAddress(from.host) : undefined;
    if (sender !== undefined && !isAllowed(config, sender)) {
      log(
        this.#context,
        "DEBUG",
        `Blocked alive message: not allowed from=${joinHostPort(from.host, from.port)}`,
      );
      return;
    }
    // Messages of protocol 1 have no ports: all nodes use the same one.
    this.#membership.alive(now, config.protocol < 2 ? { ...message, port: config.bindPort } : message);
  }
}
