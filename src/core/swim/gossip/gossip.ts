/**
 * Gossip. What is new leaves at once: to both neighbours on the ring, then to a few more members, as
 * far as the credit goes. At each interval the rest follows: to neighbours that have not been told
 * yet, to a few random live members, and to one recently dead member, so that it can refute
 * (memberlist `gossip`, which only has the interval, and no ring). While there is nothing to send,
 * the loop sleeps: most nodes are idle most of the time.
 */

import { sameAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { noRow, type Row } from "../../rows.ts";
import type { SwimContext } from "../context.ts";
import type { Addressee } from "../queue/broadcasts.ts";
import { fetchGossip, sendToNode } from "../transmit.ts";
import { Credit } from "./credit.ts";
import { type Neighbours, type Ring, type Side, sides } from "./ring.ts";

/** The maximum number of packets for a neighbour at one tick; what is left has to wait for the next. */
const packetsMax = 4;

/** Whether a member that was sent so many packets in a round may get another one. */
type MayGoOn = (packets: number) => boolean;

/** In clusters with at most that many others, all of them get at once what a node has to say itself. */
const fewOthers = 8;

/** How many members a node passes something on to at once, its neighbours included. */
const relayBreadth = 4;

/** The gossip of one node. */
export class Gossip {
  readonly #context: SwimContext;
  readonly #ring: Ring;
  readonly #credit: Credit;
  /** A time at which a round may begin; later ones are whole intervals after it. */
  #tickAt = 0;
  /** When the next round out of turn may begin. */
  #hasteAt = Number.NEGATIVE_INFINITY;
  /** Whether such a round was due after the last input and was held. */
  #isHeld = false;
  /** Whether something that waits for such a round began here, and not in a packet. */
  #isOwn = false;
  /** Whether what is held came from several places; then one of them may lack what another has sent. */
  #isMixed = false;
  /** Where the last of the packets came from that brought what waits for such a round. */
  #source: Address | undefined;

  constructor(context: SwimContext, ring: Ring) {
    this.#context = context;
    this.#ring = ring;
    this.#credit = new Credit(context.config);
  }

  /** Starts the loop at a random phase of the interval, so that nodes that start together are not in step. */
  start(now: number): void {
    const { random, config } = this.#context;
    const phase = config.rules.randomPhases ? random.below(config.gossipIntervalMs) : 0;
    this.#tickAt = now + config.gossipIntervalMs - phase;
  }

  /**
   * Returns when {@link tick} or {@link hasten} has to be called next; `Infinity` while there is
   * nothing to send. What came up since the last input waits for the next time of the loop, unless
   * `hasten` was called after it.
   */
  deadline(now: number): number {
    if (!this.#awake) return Number.POSITIVE_INFINITY;
    this.#advance(now);
    return this.#mayHasten && this.#hasteAt > now ? Math.min(this.#tickAt, this.#hasteAt) : this.#tickAt;
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
   * Sends what the neighbours have not been told yet out of turn, to them and a few others. Call it
   * after every input, `from` being where it came from if it was a packet. A lone announcement leaves
   * at once. The less credit is left, the longer the next round waits, so that many announcements
   * share packets; without any they wait for the loop. After {@link hold} it needs no input.
   */
  hasten(now: number, from: Address | undefined): void {
    // Those inputs are noted.
    if (!this.#isHeld) this.#note(from);
    this.#isHeld = false;
    if (!this.#mayHasten || now < this.#hasteAt) return;
    this.#advance(now);
    const { neighbours } = this.#ring;
    this.#credit.share(now);
    if (neighbours !== undefined) this.#spreadNow(neighbours);
    // What is left, because there is nobody or no credit, is for the loop.
    if (this.#mayHasten) this.#hasteAt = this.#tickAt;
    else this.#hasteAt = now + (1 - this.#credit.share(now)) * this.#context.config.gossipIntervalMs;
    this.#forgetSources();
  }

  /**
   * Call it after an input in place of {@link hasten} if others come with it: what would leave waits
   * for all of them. Returns whether anything does.
   */
  hold(now: number, from: Address | undefined): boolean {
    if (!this.#mayHasten) {
      this.#forgetSources();
      return this.#isHeld;
    }
    if (this.#isOwn || this.#source !== undefined) {
      this.#isMixed ||= !sameAddress(from, this.#source);
    }
    this.#note(from);
    this.#isHeld = now >= this.#hasteAt;
    return this.#isHeld;
  }

  #forgetSources(): void {
    this.#isHeld = false;
    this.#isOwn = false;
    this.#isMixed = false;
    this.#source = undefined;
  }

  #note(from: Address | undefined): void {
    if (!this.#mayHasten) return;
    if (from === undefined) this.#isOwn = true;
    else this.#source = from;
  }

  /** Tells both neighbours all that is new, and others what was sent less often than they come in turn. */
  #spreadNow(neighbours: Neighbours): void {
    const { members, config } = this.#context;
    const hasCredit = (): boolean => !this.#credit.isSpent;
    const told = this.#tellNeighbours(neighbours, hasCredit);
    // What came from elsewhere may be new to that one.
    const source = this.#isMixed ? undefined : this.#source;
    const isPeer = (node: Row): boolean => {
      if (!members.isLive(node) || members.name(node) === config.name) return false;
      if (node === neighbours.before || node === neighbours.after) return false;
      return !sameAddress(members.identity(node).endpoint, source);
    };
    let place = told.length;
    for (const node of members.pick(this.#breadth - told.length, isPeer)) {
      place += 1;
      this.#tell(node, { below: place }, hasCredit);
    }
  }

  /** How many members get it at once, the neighbours included. */
  get #breadth(): number {
    if (!this.#isOwn) return relayBreadth;
    const { members, broadcasts } = this.#context;
    const others = members.liveCount - 1;
    return others <= fewOthers ? others : Math.ceil(broadcasts.transmitLimit / 2);
  }

  /**
   * Sends broadcasts to neighbours and some more live members, and the packet of the last one also to
   * a recently dead member.
   */
  #spread(now: number): void {
    const { members, config } = this.#context;
    const { neighbours } = this.#ring;
    this.#credit.share(now);
    let parts: Uint8Array[] = [];
    const isFew = (packets: number): boolean => packets < packetsMax;
    const told = neighbours === undefined ? [] : this.#tellNeighbours(neighbours, isFew);
    const isPeer = (node: Row): boolean =>
      members.isLive(node) && members.name(node) !== config.name && !told.includes(node);
    for (const node of members.pick(config.gossipNodes, isPeer)) {
      parts = fetchGossip(this.#context);
      if (parts.length === 0) return;
      this.#send(node, parts);
    }
    // memberlist picks from live and recently dead members together. In a small cluster its gossip
    // can then miss live members.
    const dead = members.pickDead(now, config.gossipToTheDeadMs);
    if (dead === noRow) return;
    if (parts.length === 0) parts = fetchGossip(this.#context);
    if (parts.length > 0) this.#send(dead, parts);
  }

  /** Tells the neighbours on the ring what they have not been told yet. Returns those that were sent anything. */
  #tellNeighbours(neighbours: Neighbours, mayGoOn: MayGoOn): Row[] {
    if (!this.#context.config.rules.ring) {
      for (const side of sides) this.#forgive(side);
      return [];
    }
    const { before, after } = neighbours;
    if (before === after) this.#forgive("after");
    return sides
      .filter((side) => this.#tell(neighbours[side], { side }, mayGoOn))
      .map((side) => neighbours[side]);
  }

  /** Sends a member what is meant for it. Returns whether there was anything. */
  #tell(node: Row, to: Addressee, mayGoOn: MayGoOn): boolean {
    let packets = 0;
    while (mayGoOn(packets)) {
      const parts = fetchGossip(this.#context, to);
      if (parts.length === 0) break;
      this.#send(node, parts);
      packets += 1;
    }
    return packets > 0;
  }

  #send(node: Row, parts: readonly Uint8Array[]): void {
    this.#credit.pay(parts.reduce((sum, part) => sum + part.length, 0));
    sendToNode(this.#context, node, parts);
  }

  #forgive(side: Side): void {
    this.#context.broadcasts.forgive(side);
    this.#context.application.forgive(side);
  }

  /** Whether there is something to send, and somebody to send it to. */
  get #awake(): boolean {
    return this.#context.members.count > 1 && this.#context.tally.entries > 0;
  }

  /** Whether there is something that does not wait for the loop. */
  get #mayHasten(): boolean {
    return this.#context.tally.untold > 0 && this.#context.config.rules.eager;
  }

  /** Moves the next time of the loop behind the present one. */
  #advance(now: number): void {
    if (this.#tickAt > now) return;
    const { gossipIntervalMs } = this.#context.config;
    this.#tickAt += gossipIntervalMs * (Math.floor((now - this.#tickAt) / gossipIntervalMs) + 1);
  }
}
