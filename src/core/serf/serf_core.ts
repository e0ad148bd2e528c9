/**
 * Serf's layer of one node: puts its parts together, routes inputs to them, and runs Serf's own
 * deadlines. `core/README.md` has the contract between this machine and its host.
 */

import { SerfError } from "../../errors.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { StreamInput } from "../effects.ts";
import type { Meter } from "../metrics.ts";
import type { Random } from "../random.ts";
import type { SwimConfig } from "../swim/config.ts";
import { Swim } from "../swim/swim.ts";
import type { Codec } from "../wire/codec.ts";
import type { Member } from "./api.ts";
import { SerfApplication } from "./application.ts";
import type { SerfConfig } from "./config.ts";
import type { LifeState, SerfContext, SerfTimer } from "./context.ts";
import { beginInput, createContext } from "./context.ts";
import { PingCoordinates } from "./coordinates.ts";
import type { SerfEffect } from "./effects.ts";
import { UserEvents } from "./events/user_events.ts";
import { Inbox } from "./inbox.ts";
import { PendingCommands } from "./life/commands.ts";
import { Life } from "./life/life.ts";
import { Admission, type AdmissionHooks } from "./members/admission.ts";
import { Intents } from "./members/intents.ts";
import { SerfMembers } from "./members/members.ts";
import { Upkeep } from "./members/upkeep.ts";
import { Pipeline } from "./pipeline.ts";
import { SharedState } from "./push_pull.ts";
import type { PatternMatcher } from "./queries/filters.ts";
import { Queries } from "./queries/queries.ts";
import type { ReceivedQuery } from "./queries/received.ts";
import { SerfQueues } from "./queues.ts";
import type { Replayed } from "./snapshot/format.ts";
import { Recovery } from "./snapshot/recovery.ts";
import { statistics } from "./stats.ts";
import type { Tags } from "./wire/tags.ts";

/** What a node is built from. */
export interface SerfCoreOptions {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: Codec;
  /** What the snapshot file says of an earlier life; absent if nothing is recorded. */
  readonly restored?: Replayed;
  /** Evaluates tag expressions of queries; without it they match nobody. */
  readonly matchPattern?: PatternMatcher;
  /** The application's checks of members. */
  readonly admission?: AdmissionHooks;
  /** Receives the answers that users give to query events; the host passes them to `queries.respond`. */
  readonly respond?: (query: ReceivedQuery, payload: Uint8Array) => void;
  /** Whether changes of keys are written to a file. */
  readonly keysAreStored?: boolean;
  /** Receives measurements. */
  readonly meter?: Meter;
}

/** A node: Serf on top of SWIM. */
export class SerfCore {
  /** Everything that has to do with queries. */
  readonly queries: Queries;
  readonly #context: SerfContext;
  readonly #swim: Swim;
  readonly #members: SerfMembers;
  readonly #events: UserEvents;
  readonly #intents: Intents;
  readonly #upkeep: Upkeep;
  readonly #coordinates: PingCoordinates;
  readonly #queues: SerfQueues;
  readonly #commands: PendingCommands;
  readonly #life: Life;
  readonly #shared: SharedState;
  readonly #recovery: Recovery | undefined;
  readonly #pipeline: Pipeline;

  /** Throws SerfError (ERR_LIMIT) if the tags are too long. */
  constructor(options: SerfCoreOptions) {
    const context = createContext(options);
    const { config, local, outbox } = context;
    const application = new SerfApplication(local, new Admission(config, options.admission ?? {}));
    const swim = new Swim({ ...options, config: options.swim, outbox, application });
    const coordinates = new PingCoordinates(context);
    const members = new SerfMembers(context, (name) => coordinates.forget(name));
    const queues = new SerfQueues(context, {
      retransmitMult: swim.config.retransmitMult,
      memberCount: () => members.count,
      room: () => swim.userRoom,
    });
    const events = new UserEvents(context, queues);
    const intents = new Intents(context, members, queues);
    const shared = new SharedState(context, members, events, intents);
    const commands = new PendingCommands(context);
    const queries = new Queries(context, members, queues, swim, {
      matchPattern: options.matchPattern ?? (() => ({ fault: "there is no engine for expressions" })),
      respond: options.respond ?? (() => undefined),
      delivered: (lamportTime) => this.#recovery?.snapshot.queryTime(lamportTime),
      keysAreStored: options.keysAreStored ?? false,
    });
    const inbox = new Inbox(context, queues, intents, events, queries);
    application.connect({ inbox, queues, shared, members, queries, coordinates });
    this.#recovery =
      options.restored && new Recovery(context, options.restored, { members, events, queries, swim });
    this.#pipeline = new Pipeline(config, this.#recovery?.snapshot);
    this.#life = new Life(context, commands, intents, swim);
    this.#upkeep = new Upkeep(context, members, queues, swim);
    this.#context = context;
    this.#swim = swim;
    this.#coordinates = coordinates;
    this.#members = members;
    this.#queues = queues;
    this.#events = events;
    this.#intents = intents;
    this.#shared = shared;
    this.#commands = commands;
    this.queries = queries;
  }

  /** Announces this node and starts all loops. */
  start(now: number): void {
    beginInput(this.#context, now);
    this.#swim.start(now, this.#recovery?.pastIncarnation);
    this.#recovery?.start(now);
    this.#upkeep.start(now);
  }

  /** Takes the effects since the last call, in order. */
  drain(): SerfEffect[] {
    return this.#pipeline.run(this.#context.now, this.#context.outbox.drain());
  }

  /** Takes what is left to do at the end of this life: events that are held, and what is not recorded yet. */
  end(): SerfEffect[] {
    this.#pipeline.flush();
    return this.drain().filter(({ kind }) => kind === "emit" || kind === "record" || kind === "compact");
  }

  /** The whole snapshot in its shortest form. */
  snapshot(): string {
    return this.#recovery?.snapshot.compacted() ?? "";
  }

  /** When {@link tick} has to be called next. */
  deadline(): number {
    return Math.min(this.#context.timers.next(), this.#swim.deadline(), this.#pipeline.deadline);
  }

  /** Runs everything that is due. */
  tick(now: number): void {
    beginInput(this.#context, now);
    this.#swim.tick(now);
    const { timers } = this.#context;
    for (let timer = timers.take(now); timer !== undefined; timer = timers.take(now)) {
      this.#due(now, timer);
    }
    this.#life.attend(now);
  }

  /** Takes a datagram. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    beginInput(this.#context, now);
    this.#swim.packet(now, from, bytes);
    this.#life.attend(now);
  }

  /** A datagram could not be sent; `reason` is text for the log. */
  sendFailed(now: number, to: Address, reason: string): void {
    beginInput(this.#context, now);
    this.#swim.sendFailed(now, to, reason);
  }

  /** Takes a connection of a peer. Returns the id of the stream, or `undefined` to refuse it. */
  accept(now: number, peer: Address): number | undefined {
    beginInput(this.#context, now);
    return this.#swim.accept(now, peer);
  }

  /** Takes what happened on a stream. */
  stream(now: number, id: number, input: StreamInput): void {
    beginInput(this.#context, now);
    this.#swim.stream(now, id, input);
  }

  /** Where this node is in its life. */
  get state(): LifeState {
    return this.#context.state;
  }

  /** Returns frozen records of all members. */
  members(): Member[] {
    return this.#members.list();
  }

  /** Returns the record of one member. */
  member(name: string): Member | undefined {
    return this.#members.find(name);
  }

  /** The reason why this node may not join others now, or `undefined`. */
  get joinRefusal(): string | undefined {
    return this.#context.state === "leaving" ? "Serf can't Join after Leave or Shutdown" : undefined;
  }

  /**
   * Begins a join that may have several addresses; user events from before it are ignored unless
   * `replay`. A node that left comes back to life with it.
   */
  beginJoin(now: number, replay: boolean): void {
    beginInput(this.#context, now);
    this.#shared.beginJoin(replay);
    if (this.state === "left") this.#recovery?.snapshot.comeBack(this.#members.list());
    this.#life.comeBack(now);
  }

  /** Exchanges state with one address; settles `command`. `name` may be empty. */
  join(now: number, command: number, to: Address, name: string): void {
    beginInput(this.#context, now);
    this.#commands.begin(command);
    this.#swim.join(now, to, name, (_now, error) => this.#commands.settle(command, error));
  }

  /** Ends what {@link beginJoin} began; with at least one contact this node's presence is announced. */
  endJoin(now: number, replay: boolean, contacts: number): void {
    beginInput(this.#context, now);
    this.#shared.endJoin(replay);
    if (contacts > 0 && this.state === "alive") this.#intents.announceJoin(now);
  }

  /** Leaves the cluster; settles `command` when done. The caller checks {@link state} first. */
  leave(now: number, command: number): void {
    beginInput(this.#context, now);
    this.#recovery?.snapshot.leave();
    this.#life.leave(now, command);
  }

  /** Sends a user event. Throws SerfError (ERR_LIMIT) if it is too large. */
  userEvent(now: number, name: string, payload: Uint8Array, coalesce: boolean): void {
    beginInput(this.#context, now);
    this.#events.send(name, payload, coalesce);
  }

  /** Members that are not dead, this node included. */
  get liveCount(): number {
    return this.#swim.liveCount;
  }

  /** Returns the last known network coordinate of a member. */
  coordinate(name: string): Coordinate | undefined {
    return this.#coordinates.find(name);
  }

  /**
   * Turns a failed member into one that left, or erases it; settles `command` when that has spread.
   * Throws SerfError (ERR_STATE) if a live member should be erased: it would stay invisible while it
   * works on.
   */
  removeFailedNode(now: number, command: number, node: string, prune: boolean): void {
    beginInput(this.#context, now);
    if (prune && this.#members.find(node)?.status === "alive") {
      throw new SerfError("ERR_STATE", `Cannot prune "${node}": the member is alive`);
    }
    this.#beginTimed(now, command, "timed out broadcasting node removal");
    this.#intents.announceLeave(now, node, prune, () => this.#commands.settle(command, undefined));
  }

  /**
   * Replaces all tags; settles `command` when that has spread. Throws SerfError (ERR_LIMIT) if they
   * are too long; then nothing changed.
   */
  setTags(now: number, command: number, tags: Tags): void {
    beginInput(this.#context, now);
    this.#context.local.setTags(tags);
    this.#beginTimed(now, command, "timeout waiting for update broadcast");
    this.#swim.update(now, () => this.#commands.settle(command, undefined));
  }

  /** Returns statistics under Serf's names. */
  stats(): Record<string, string> {
    return statistics(this.#context, {
      members: this.#members,
      queues: this.#queues,
      coordinates: this.#coordinates,
      swim: this.#swim,
    });
  }

  /** Begins a command that fails with `error` if it has not spread in time. */
  #beginTimed(now: number, command: number, error: string): void {
    this.#commands.begin(command);
    this.#commands.expire(now + this.#context.config.broadcastTimeoutMs, command, error);
  }

  #due(now: number, timer: SerfTimer): void {
    switch (timer.kind) {
      case "reconnect":
        this.#recovery?.again(now);
        this.#upkeep.run(now, timer.kind);
        return;
      case "reap":
      case "queues":
        this.#upkeep.run(now, timer.kind);
        return;
      case "leave":
        this.#life.waitOver(now);
        // Flush first: subscribers must receive our own member-leave before `leave()` resolves.
        if (this.state === "left") this.#pipeline.flush();
        return;
      case "prune":
        this.#members.pruneAfterWait(timer.node);
        return;
      case "query":
        this.queries.expired(now, timer.lamportTime);
        return;
      case "command":
        this.#commands.settle(timer.command, timer.error);
        return;
      default:
        unreachable(timer);
    }
  }
}
