/**
 * Serf's layer of one node: puts its parts together, routes commands to the parts that know what to do, and runs Serf's own
 * deadlines. Pure: it is told the time and asks for effects.
 */

import { SerfError } from "../../errors.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import { type Effect, Outbox } from "../effects.ts";
import type { Meter } from "../metrics.ts";
import type { Random } from "../random.ts";
import type { SwimConfig } from "../swim/config.ts";
import { Swim } from "../swim/swim.ts";
import { Timers } from "../timers.ts";
import type { Codec } from "../wire/codec.ts";
import type { Member, SerfEvent } from "./api.ts";
import { Hooks } from "./application.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfTimer } from "./context.ts";
import { PingCoordinates } from "./coordinates.ts";
import { UserEvents } from "./events/user_events.ts";
import { Inbox } from "./inbox.ts";
import { LamportClock } from "./lamport.ts";
import { Pending } from "./life/commands.ts";
import { Life, type LifeState } from "./life/life.ts";
import { Admission, type AdmissionHooks } from "./members/admission.ts";
import { Wishes } from "./members/intents.ts";
import { SerfMembers } from "./members/members.ts";
import { Pipeline } from "./pipeline.ts";
import { type Clocks, SharedState } from "./push_pull.ts";
import type { PatternMatcher } from "./queries/filters.ts";
import { QueryParts } from "./queries/queries.ts";
import type { ReceivedQuery } from "./queries/received.ts";
import { SerfQueues } from "./queues.ts";
import type { Replayed } from "./snapshot/format.ts";
import { Recovery } from "./snapshot/recovery.ts";
import { statistics } from "./stats.ts";
import { Upkeep } from "./upkeep.ts";
import { encodeTags, type Tags } from "./wire/tags.ts";

/** What a node is built from. */
export interface SerfParts {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  /** What the snapshot says of an earlier life; absent when nothing is recorded. */
  readonly restored?: Replayed;
  /** Evaluates tag expressions of queries; without it they match nobody. */
  readonly matchPattern?: PatternMatcher;
  /** The application's say about members. */
  readonly admission?: AdmissionHooks;
  /** Where answers to {@link QueryEvent}s go: the host hands them to `queries.answers.respond`. */
  readonly respond?: (query: ReceivedQuery, payload: Uint8Array) => void;
  /** Whether changes of keys are written to a file. */
  readonly keyringFiled?: boolean;
  /** Where measurements go. */
  readonly meter?: Meter;
}

/** A node: Serf on top of SWIM. */
export class SerfCore {
  readonly #config: SerfConfig;
  readonly #outbox: Outbox<SerfEvent>;
  readonly #timers = new Timers<SerfTimer>();
  readonly #swim: Swim;
  readonly #clocks: Clocks = {
    members: new LamportClock(),
    events: new LamportClock(),
    queries: new LamportClock(),
  };
  readonly #members: SerfMembers;
  readonly #events: UserEvents;
  /** Everything that has to do with queries. */
  readonly queries: QueryParts;
  readonly #upkeep: Upkeep;
  readonly #coordinates: PingCoordinates;
  readonly #queues: SerfQueues;
  readonly #pending: Pending;
  readonly #wishes: Wishes;
  readonly #recovery: Recovery | undefined;
  readonly #pipeline: Pipeline;
  #tags: Tags;
  #meta: Uint8Array;
  readonly #life: Life;
  readonly #shared: SharedState;
  #now = 0;

  /** ERR_LIMIT when the tags are too long. */
  constructor(parts: SerfParts) {
    const { config, swim, random, codec } = parts;
    this.#config = config;
    this.#outbox = new Outbox(parts.meter);
    this.#pending = new Pending(this.#outbox, this.#timers);
    this.#tags = config.tags;
    this.#meta = encodeTags(config.tags, config.protocol);
    this.#coordinates = new PingCoordinates(this.#outbox, config.name, random);
    this.#members = new SerfMembers(config, this.#outbox, (name) => this.#coordinates.forget(name));
    this.#queues = new SerfQueues({
      config,
      outbox: this.#outbox,
      retransmitMult: swim.retransmitMult,
      memberCount: () => this.#members.count,
      room: () => this.#swim.userRoom,
    });
    this.#events = new UserEvents({
      config,
      outbox: this.#outbox,
      clock: this.#clocks.events,
      queues: this.#queues,
    });
    this.#life = new Life({
      config,
      outbox: this.#outbox,
      timers: this.#timers,
      pending: this.#pending,
      wishes: () => this.#wishes,
      swim: () => this.#swim,
      now: () => this.#now,
      leaving: () => this.#recovery?.snapshot.leave(),
    });
    this.#upkeep = new Upkeep({
      config,
      outbox: this.#outbox,
      random,
      timers: this.#timers,
      members: this.#members,
      queues: this.#queues,
      swim: () => this.#swim,
      rejoin: (now) => this.#recovery?.again(now),
    });
    this.#wishes = new Wishes({
      config,
      clock: this.#clocks.members,
      members: this.#members,
      queues: this.#queues,
      timers: this.#timers,
      staying: () => this.#life.state === "alive",
    });
    this.#shared = new SharedState({
      outbox: this.#outbox,
      clocks: this.#clocks,
      members: this.#members,
      events: this.#events,
      wishes: this.#wishes,
    });
    this.queries = new QueryParts({
      ...parts,
      outbox: this.#outbox,
      timers: this.#timers,
      clock: this.#clocks.queries,
      members: this.#members,
      queues: this.#queues,
      tags: () => this.#tags,
      liveCount: () => this.#swim.liveCount,
      room: () => this.#swim.userRoom,
      send: (to, bytes) => this.#swim.sendUser(to, bytes),
      delivered: (lamportTime) => this.#recovery?.snapshot.queryTime(lamportTime),
    });
    const inbox = new Inbox({
      outbox: this.#outbox,
      queues: this.#queues,
      wishes: this.#wishes,
      events: this.#events,
      queries: this.queries.queries,
      collector: this.queries.collector,
      send: (to, bytes) => this.#swim.sendUser(to, bytes),
    });
    const application = new Hooks({
      meta: () => this.#meta,
      inbox,
      queues: this.#queues,
      shared: this.#shared,
      members: this.#members,
      queries: this.queries,
      coordinates: this.#coordinates,
      admission: new Admission(config, parts.admission ?? {}),
    });
    this.#swim = new Swim({ config: swim, random, codec, outbox: this.#outbox, application });
    this.#recovery =
      parts.restored &&
      new Recovery({
        ...{ config, swimConfig: swim, random, outbox: this.#outbox, clocks: this.#clocks },
        ...{ members: this.#members, events: this.#events, swim: this.#swim },
        queries: this.queries.queries,
        restored: parts.restored,
        staying: () => this.#life.state === "alive",
      });
    this.#pipeline = new Pipeline({ config, snapshot: this.#recovery?.snapshot });
  }

  /** Announces this node and starts all loops. */
  start(now: number): void {
    this.#now = now;
    this.#swim.start(now, this.#recovery?.pastIncarnation);
    this.#recovery?.start(now);
    this.#upkeep.start(now);
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
    this.#life.attend(now);
  }

  /** A datagram arrived. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    this.#now = now;
    this.#swim.packet(now, from, bytes);
    this.#life.attend(now);
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
    return this.#life.state;
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
    return this.#life.state === "leaving" ? "Serf can't Join after Leave or Shutdown" : null;
  }

  /**
   * Begins a join that may have several addresses; user events from before it are ignored unless `replay`. A node that left comes back
   * to life with it.
   */
  beginJoin(now: number, replay: boolean): void {
    this.#shared.beginJoin(replay);
    if (this.#life.state === "left") this.#recovery?.snapshot.comeBack(this.#members.list());
    this.#life.comeBack(now);
  }

  /** Exchanges state with one address; settles `command`. */
  join(now: number, command: number, to: Address, name: string): void {
    this.#pending.begin(command);
    this.#swim.join(now, to, name, (_now, error) => this.#pending.settle(command, error));
  }

  /** Ends what {@link beginJoin} began; with at least one contact our presence is announced. */
  endJoin(now: number, replay: boolean, contacts: number): void {
    this.#shared.endJoin(replay);
    if (contacts > 0 && this.#life.state === "alive") this.#wishes.announceJoin(now);
  }

  /** Leaves the cluster; settles `command` when done. The caller checks {@link state} first. */
  leave(now: number, command: number): void {
    this.#life.leave(now, command);
  }

  /** Sends a user event; ERR_LIMIT when it is too large. */
  userEvent(name: string, payload: Uint8Array, coalesce: boolean): void {
    this.#events.send(name, payload, coalesce);
  }

  /** Members that are not dead, this node included. */
  get liveCount(): number {
    return this.#swim.liveCount;
  }

  /** The last known network coordinate of a member. */
  coordinate(name: string): Coordinate | undefined {
    return this.#coordinates.find(name);
  }

  /**
   * Turns a failed member into one that left, or erases it; settles `command` when the word has spread. ERR_STATE when a live member
   * should be erased: it would stay invisible while it works on.
   */
  removeFailedNode(now: number, command: number, node: string, prune: boolean): void {
    if (prune && this.#members.find(node)?.status === "alive") {
      throw new SerfError("ERR_STATE", `Cannot prune "${node}": the member is alive`);
    }
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
    this.#tags = tags;
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

  #due(now: number, timer: SerfTimer): void {
    switch (timer.kind) {
      case "reap":
      case "reconnect":
      case "queues":
        this.#upkeep.run(now, timer.kind);
        return;
      case "goodbye":
        this.#life.waitOver(now);
        // Users hear of our goodbye before they are told that it is said.
        if (this.#life.state === "left") this.#pipeline.flush();
        return;
      case "prune":
        this.#members.pruneAfterWait(timer.node);
        return;
      case "query":
        this.queries.collector.end(now, timer.lamportTime);
        return;
      case "command":
        this.#pending.settle(timer.command, timer.error);
        return;
      default:
        unreachable(timer);
    }
  }
}
