/**
 * Serf's layer of one node: implements the hooks of the membership layer, routes Serf messages and commands to the parts that know
 * what to do, and runs Serf's own deadlines. Pure: it is told the time and asks for effects.
 */

import { formatAddress } from "../../address.ts";
import type { Address } from "../../runtime.ts";
import { assert, unreachable } from "../assert.ts";
import { type Effect, Outbox } from "../effects.ts";
import type { Random } from "../random.ts";
import type { Application } from "../swim/application.ts";
import type { SwimConfig } from "../swim/config.ts";
import type { Node } from "../swim/members.ts";
import { Swim } from "../swim/swim.ts";
import { addressFault } from "../swim/validity.ts";
import { Timers } from "../timers.ts";
import type { Codec } from "../wire/codec.ts";
import type { Alive } from "../wire/messages.ts";
import type { SerfConfig } from "./config.ts";
import { reportConflict } from "./conflict.ts";
import { UserEvents } from "./events.ts";
import { Goodbye } from "./goodbye.ts";
import { readMessage } from "./incoming.ts";
import { LamportClock } from "./lamport.ts";
import type { Member, SerfEvent } from "./member.ts";
import { SerfMembers } from "./members.ts";
import type { SerfMessage } from "./messages.ts";
import { Pending } from "./pending.ts";
import { PingCoordinates } from "./pings.ts";
import { Pipeline } from "./pipeline.ts";
import { Queries } from "./queries.ts";
import { SerfQueues } from "./queues.ts";
import { chooseReconnect } from "./reconnect.ts";
import { Recovery } from "./recovery.ts";
import type { Replayed } from "./snapshot_format.ts";
import { type Clocks, SharedState } from "./state.ts";
import { statistics } from "./stats.ts";
import { encodeTags, type Tags } from "./tags.ts";
import type { SerfTimer } from "./timer.ts";
import { Wishes } from "./wishes.ts";

/** Where a node is in its life. */
export type LifeState = "alive" | "leaving" | "left";

/** What a node is built from. */
export interface SerfParts {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  /** What the snapshot says of an earlier life; absent when nothing is recorded. */
  readonly restored?: Replayed;
}

/** A node: Serf on top of SWIM. */
export class SerfCore implements Application {
  readonly #config: SerfConfig;
  readonly #random: Random;
  readonly #outbox = new Outbox<SerfEvent>();
  readonly #timers = new Timers<SerfTimer>();
  readonly #swim: Swim;
  readonly #clocks: Clocks = {
    members: new LamportClock(),
    events: new LamportClock(),
    queries: new LamportClock(),
  };
  readonly #members: SerfMembers;
  readonly #events: UserEvents;
  readonly #queries: Queries;
  readonly #coordinates: PingCoordinates;
  readonly #queues: SerfQueues;
  readonly #pending = new Pending(this.#outbox, this.#timers);
  readonly #wishes: Wishes;
  readonly #recovery: Recovery | undefined;
  readonly #pipeline: Pipeline;
  #meta: Uint8Array;
  #life: LifeState = "alive";
  #goodbye: Goodbye | undefined;
  readonly #shared: SharedState;
  #now = 0;

  /** ERR_LIMIT when the tags are too long. */
  constructor(parts: SerfParts) {
    const { config, swim, random, codec } = parts;
    this.#config = config;
    this.#random = random;
    this.#meta = encodeTags(config.tags, config.protocol);
    this.#coordinates = new PingCoordinates(this.#outbox, config.name, random);
    this.#members = new SerfMembers(config, this.#outbox, (name) => this.#coordinates.forget(name));
    this.#events = new UserEvents(this.#outbox, this.#clocks.events, config.eventBuffer);
    this.#queries = new Queries(this.#outbox, this.#clocks.queries, config.queryBuffer);
    this.#queues = new SerfQueues(config, this.#outbox, swim.retransmitMult, () => this.#members.count);
    this.#wishes = new Wishes({
      config,
      clock: this.#clocks.members,
      members: this.#members,
      queues: this.#queues,
      timers: this.#timers,
      staying: () => this.#life === "alive",
    });
    this.#shared = new SharedState({
      outbox: this.#outbox,
      clocks: this.#clocks,
      members: this.#members,
      events: this.#events,
      wishes: this.#wishes,
    });
    this.#swim = new Swim({ config: swim, random, codec, outbox: this.#outbox, application: this });
    this.#recovery =
      parts.restored &&
      new Recovery({
        ...{ config, swimConfig: swim, random, outbox: this.#outbox, clocks: this.#clocks },
        ...{ members: this.#members, events: this.#events, queries: this.#queries, swim: this.#swim },
        restored: parts.restored,
        staying: () => this.#life === "alive",
      });
    this.#pipeline = new Pipeline({ config, snapshot: this.#recovery?.snapshot });
  }

  /** Announces this node and starts all loops. */
  start(now: number): void {
    this.#now = now;
    this.#swim.start(now, this.#recovery?.pastIncarnation);
    this.#recovery?.start(now);
    this.#timers.set("reap", now + this.#config.reapIntervalMs, { kind: "reap" });
    this.#timers.set("reconnect", now + this.#config.reconnectIntervalMs, { kind: "reconnect" });
    this.#timers.set("queues", now + this.#config.queueCheckIntervalMs, { kind: "queues" });
  }

  /** Effects since the last call, in order. */
  drain(): Effect<SerfEvent>[] {
    return this.#pipeline.run(this.#now, this.#outbox.drain());
  }

  /** What is left to do at the end of this life: events that are held, and what is not recorded yet. */
  end(): Effect<SerfEvent>[] {
    this.#pipeline.flush();
    return this.drain().filter(({ kind }) => kind === "emit" || kind === "record" || kind === "compact");
  }

  /** The whole snapshot in its shortest form. */
  snapshot(): string {
    return this.#recovery?.snapshot.compacted() ?? "";
  }

  /** When {@link tick} has to be called next. */
  deadline(): number {
    return Math.min(this.#timers.next(), this.#swim.deadline(), this.#pipeline.deadline);
  }

  /** Runs everything that is due. */
  tick(now: number): void {
    this.#now = now;
    this.#swim.tick(now);
    for (let timer = this.#timers.take(now); timer !== undefined; timer = this.#timers.take(now)) {
      this.#due(now, timer);
    }
  }

  /** A datagram arrived. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    this.#now = now;
    this.#swim.packet(now, from, bytes);
  }

  /** A datagram could not be sent. */
  sendFailed(now: number, to: Address, text: string): void {
    this.#swim.sendFailed(now, to, text);
  }

  /** A peer connected; `undefined` refuses it. */
  streamAccepted(now: number, peer: Address): number | undefined {
    return this.#swim.streamAccepted(now, peer);
  }

  /** A dial succeeded. */
  streamOpened(now: number, id: number): void {
    this.#swim.streamOpened(now, id);
  }

  /** Bytes arrived on a stream. */
  streamReceived(now: number, id: number, bytes: Uint8Array): void {
    this.#now = now;
    this.#swim.streamReceived(now, id, bytes);
  }

  /** The peer ended its side of a stream. */
  streamEnded(now: number, id: number): void {
    this.#swim.streamEnded(now, id);
  }

  /** A dial or a stream failed. */
  streamFailed(now: number, id: number, text: string): void {
    this.#swim.streamFailed(now, id, text);
  }

  /** Where this node is in its life. */
  get state(): LifeState {
    return this.#life;
  }

  /** All members, frozen. */
  members(): Member[] {
    return this.#members.list();
  }

  /** One member. */
  member(name: string): Member | undefined {
    return this.#members.find(name);
  }

  /** A text if this node may not join others now. */
  get joinRefusal(): string | null {
    return this.#life === "alive" ? null : "Serf can't Join after Leave or Shutdown";
  }

  /** Begins a join that may have several addresses; user events from before it are ignored unless `replay`. */
  beginJoin(replay: boolean): void {
    this.#shared.beginJoin(replay);
  }

  /** Exchanges state with one address; settles `command`. */
  join(now: number, command: number, to: Address, name: string): void {
    this.#pending.begin(command);
    this.#swim.join(now, to, name, (_now, error) => this.#pending.settle(command, error));
  }

  /** Ends what {@link beginJoin} began; with at least one contact our presence is announced. */
  endJoin(now: number, replay: boolean, contacts: number): void {
    this.#shared.endJoin(replay);
    if (contacts > 0 && this.#life === "alive") this.#wishes.announceJoin(now);
  }

  /** Leaves the cluster; settles `command` when done. The caller checks {@link state} first. */
  leave(now: number, command: number): void {
    assert(this.#life === "alive", "leave is called once");
    this.#pending.begin(command);
    this.#life = "leaving";
    this.#recovery?.snapshot.leave();
    this.#goodbye = new Goodbye(
      {
        announceIntent: (at, finished) =>
          this.#wishes.announceLeave(at, this.#config.name, false, () => finished(this.#now)),
        leaveMembership: (at, finished) => this.#swim.leave(at, () => finished(this.#now)),
        wait: (until) => this.#timers.set("goodbye", until, { kind: "goodbye" }),
        warn: (text) => this.#outbox.log("WARN", "serf", text),
        done: () => {
          this.#life = "left";
          this.#pending.settle(command, null);
        },
      },
      this.#config.broadcastTimeoutMs,
      this.#config.leavePropagateDelayMs,
    );
    this.#goodbye.start(now);
  }

  /** Turns a failed member into one that left, or erases it; settles `command` when the word has spread. */
  removeFailedNode(now: number, command: number, node: string, prune: boolean): void {
    this.#pending.begin(command);
    this.#pending.expire(
      now + this.#config.broadcastTimeoutMs,
      command,
      "timed out broadcasting node removal",
    );
    this.#wishes.announceLeave(now, node, prune, () => this.#pending.settle(command, null));
  }

  /** Replaces all tags; settles `command` when the word has spread. ERR_LIMIT when they are too long; then nothing changed. */
  setTags(now: number, command: number, tags: Tags): void {
    this.#meta = encodeTags(tags, this.#config.protocol);
    this.#pending.begin(command);
    this.#pending.expire(
      now + this.#config.broadcastTimeoutMs,
      command,
      "timeout waiting for update broadcast",
    );
    this.#swim.update(now, () => this.#pending.settle(command, null));
  }

  /** Serf's statistics, in the original's spelling. */
  stats(encrypted: boolean): Record<string, string> {
    return statistics({
      members: this.#members,
      queues: this.#queues,
      clocks: this.#clocks,
      healthScore: this.#swim.healthScore,
      coordinateResets: this.#coordinates.resets,
      encrypted,
    });
  }

  // Hooks of the membership layer.

  /** @inheritdoc */
  meta(): Uint8Array {
    return this.#meta;
  }

  /** @inheritdoc */
  message(now: number, from: Address, payload: Uint8Array): void {
    if (payload.length === 0) return;
    const message = readMessage(payload, from, this.#outbox);
    if (message !== undefined) this.#receive(now, message, payload);
  }

  /** @inheritdoc */
  broadcasts(overhead: number, limit: number): Uint8Array[] {
    return this.#queues.fetch(overhead, limit);
  }

  /** @inheritdoc */
  localState(): Uint8Array {
    return this.#shared.encode();
  }

  /** @inheritdoc */
  mergeRemoteState(now: number, bytes: Uint8Array, join: boolean): void {
    this.#shared.merge(now, bytes, join);
  }

  /** @inheritdoc */
  joined(_now: number, node: Node): void {
    this.#members.joined(node);
  }

  /** @inheritdoc */
  left(now: number, node: Node): void {
    this.#members.left(now, node);
  }

  /** @inheritdoc */
  updated(_now: number, node: Node): void {
    this.#members.updated(node);
  }

  /** @inheritdoc */
  conflict(_now: number, existing: Node, other: Alive): void {
    reportConflict(this.#outbox, this.#config.name, existing, other);
  }

  /** @inheritdoc */
  ackPayload(): Uint8Array {
    return this.#coordinates.payload();
  }

  /** @inheritdoc */
  pingCompleted(_now: number, node: Node, roundTripMs: number, payload: Uint8Array): void {
    this.#coordinates.observe(node.name, roundTripMs, payload);
  }

  /** @inheritdoc */
  admitAlive(): null {
    return null;
  }

  /** @inheritdoc */
  admitMerge(): null {
    return null;
  }

  #receive(now: number, message: SerfMessage, bytes: Uint8Array): void {
    switch (message.type) {
      case "leave":
        this.#outbox.log("DEBUG", "serf", `messageLeaveType: ${message.node}`);
        if (this.#wishes.apply(now, message)) this.#queues.intents.queue(bytes, null);
        return;
      case "join":
        this.#outbox.log("DEBUG", "serf", `messageJoinType: ${message.node}`);
        if (this.#wishes.apply(now, message)) this.#queues.intents.queue(bytes, null);
        return;
      case "userEvent":
        this.#outbox.log("DEBUG", "serf", `messageUserEventType: ${message.name}`);
        if (this.#events.receive(message)) this.#queues.events.queue(bytes, null);
        return;
      case "query":
        this.#outbox.log("DEBUG", "serf", `messageQueryType: ${message.name}`);
        if (this.#queries.receive(message)) this.#queues.queries.queue(bytes, null);
        return;
      case "queryResponse":
        this.#outbox.log("DEBUG", "serf", `messageQueryResponseType: ${message.from}`);
        this.#queries.respond(message);
        return;
      case "relay": {
        if (addressFault(message.address) !== null || message.port === 0) return;
        const to = { host: formatAddress(message.address), port: message.port };
        this.#outbox.log("DEBUG", "serf", `Relaying response to addr: ${to.host}:${to.port}`);
        this.#swim.sendUser(to, message.inner);
        return;
      }
      default:
        unreachable(message);
    }
  }

  #due(now: number, timer: SerfTimer): void {
    switch (timer.kind) {
      case "reap":
        this.#members.reap(now);
        this.#timers.set("reap", now + this.#config.reapIntervalMs, timer);
        return;
      case "reconnect":
        this.#reconnect(now);
        this.#timers.set("reconnect", now + this.#config.reconnectIntervalMs, timer);
        return;
      case "queues":
        this.#queues.check();
        this.#timers.set("queues", now + this.#config.queueCheckIntervalMs, timer);
        return;
      case "goodbye":
        this.#goodbye?.waitOver(now);
        // Users hear of our goodbye before they are told that it is said.
        if (this.#life === "left") this.#pipeline.flush();
        return;
      case "prune":
        this.#members.pruneAfterWait(timer.node);
        return;
      case "command":
        this.#pending.settle(timer.command, timer.error);
        return;
      default:
        unreachable(timer);
    }
  }

  #reconnect(now: number): void {
    this.#recovery?.again(now);
    const failed = chooseReconnect(this.#members, this.#random, this.#outbox);
    if (failed === undefined) return;
    this.#swim.join(now, { host: failed.address, port: failed.port }, failed.name, () => undefined);
  }
}
