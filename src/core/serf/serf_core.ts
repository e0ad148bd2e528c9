/**
 * The core of one node: creates its parts, passes inputs to them, and runs the deadlines of Serf's
 * layer. `core/README.md` has the contract between this machine and its host.
 */

import { SerfError } from "../../errors.ts";
import type { Address } from "../../runtime.ts";
import { unreachable } from "../assert.ts";
import type { Coordinate } from "../coordinate/coordinate.ts";
import type { StreamInput } from "../effects.ts";
import type { Meter } from "../metrics.ts";
import type { Names } from "../names.ts";
import type { Random } from "../random.ts";
import type { SwimConfig } from "../swim/config.ts";
import type { Identities } from "../swim/identity.ts";
import type { Standing } from "../swim/members.ts";
import { Swim } from "../swim/swim.ts";
import type { MessageCodec } from "../wire/message_codec.ts";
import type { Member } from "./api.ts";
import { SerfApplication } from "./application.ts";
import type { SerfConfig } from "./config.ts";
import { beginInput, createContext, type LifeState, type SerfContext, type SerfTimer } from "./context.ts";
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
import { Inspection, statistics } from "./stats.ts";
import type { SerfCodec } from "./wire/serf_codec.ts";
import type { Tags } from "./wire/tags.ts";

/** What {@link SerfCore} needs. */
export interface SerfCoreOptions {
  readonly config: SerfConfig;
  readonly swim: SwimConfig;
  readonly random: Random;
  readonly codec: MessageCodec;
  /** Encodes and decodes the messages of Serf's layer. Default: msgpack, as Serf does it. */
  readonly serfCodec?: SerfCodec;
  /** The replayed snapshot file; absent if nothing is recorded. */
  readonly restored?: Replayed;
  /** Evaluates the tag expressions of queries. Without it they match no node. */
  readonly matchPattern?: PatternMatcher;
  /** The application's checks of members. */
  readonly admission?: AdmissionHooks;
  /** Called with the answers of users to query events. The host passes them to `queries.respond`. */
  readonly respond?: (query: ReceivedQuery, payload: Uint8Array) => void;
  /** Whether key changes are written to a keyring file. */
  readonly keysAreStored?: boolean;
  /** Receives measurements. */
  readonly meter?: Meter;
  /** Whether log lines are wanted. Default true. */
  readonly logs?: boolean;
  /** Makes the identities of members; the nodes of one process may share them. */
  readonly identities?: Identities;
  /** Numbers the names of members; the nodes of one process may share the numbers. */
  readonly names?: Names;
}

/** A node: Serf on top of SWIM. */
export class SerfCore {
  /** The inputs that concern queries. */
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
  #isHolding = false;

  /** Throws SerfError (ERR_LIMIT) if the tags are too long. */
  constructor(options: SerfCoreOptions) {
    const context = createContext(options);
    const { config, local, outbox, names } = context;
    const application = new SerfApplication(local, new Admission(config, options.admission ?? {}));
    const swim = new Swim({ ...options, config: options.swim, outbox, application, names });
    const coordinates = new PingCoordinates(context);
    const members = new SerfMembers(context, (name) => coordinates.forget(name));
    const queues = new SerfQueues(context, {
      retransmitMult: swim.config.retransmitMult,
      smallClusters: swim.config.rules.smallClusters,
      memberCount: () => members.count,
      room: () => swim.userRoom,
      tally: swim.tally,
    });
    const events = new UserEvents(context, queues, { holdMs: swim.config.gossipIntervalMs });
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

  /** What this node has announced of itself since it was started. */
  get standing(): Standing {
    return this.#swim.standing;
  }

  /**
   * Makes members known that everybody knows, without any message: this node was in their cluster all
   * the time. It may be among them itself. For hosts that build a whole cluster at once.
   */
  adopt(now: number, members: readonly Standing[]): void {
    beginInput(this.#context, now);
    this.#swim.adopt(now, members);
  }

  /**
   * Returns the effects since the last call, in order. With `holds`, what is new and need not wait for
   * the gossip loop stays until a call without, so that inputs that come together share packets.
   */
  drain(holds = false): SerfEffect[] {
    const { now, outbox, isFresh } = this.#context;
    this.#context.isFresh = false;
    if (!holds) this.#swim.hasten(now);
    if (!holds || isFresh) this.#isHolding = holds && this.#swim.hold(now);
    return this.#pipeline.run(now, outbox.drain());
  }

  /** Whether the last {@link drain} held anything. */
  get isHolding(): boolean {
    return this.#isHolding;
  }

  /** Lets go of what is half done. Returns what is left to do: held events, and lines to record. */
  end(): SerfEffect[] {
    this.#swim.stopJobs(this.#context.now);
    this.#events.flush();
    this.#pipeline.flush();
    return this.drain().filter(({ kind }) => kind === "emit" || kind === "record" || kind === "compact");
  }

  /** Returns the whole snapshot in its shortest form. */
  snapshot(): string {
    return this.#recovery?.snapshot.compacted() ?? "";
  }

  /** Returns when {@link tick} has to be called next; `Infinity` for never. */
  deadline(): number {
    const { timers, now } = this.#context;
    return Math.min(timers.next(), this.#swim.deadline(now), this.#pipeline.deadline);
  }

  /** Runs all timers that are due. */
  tick(now: number): void {
    beginInput(this.#context, now);
    this.#swim.tick(now);
    const { timers } = this.#context;
    for (let timer = timers.take(now); timer !== undefined; timer = timers.take(now)) {
      this.#due(now, timer);
    }
    this.#life.afterInput(now);
  }

  /** Handles a datagram that arrived. */
  packet(now: number, from: Address, bytes: Uint8Array): void {
    beginInput(this.#context, now);
    this.#swim.packet(now, from, bytes);
    this.#life.afterInput(now);
  }

  /** Handles that a datagram could not be sent. `reason` is for the log. */
  sendFailed(now: number, to: Address, reason: string): void {
    beginInput(this.#context, now);
    this.#swim.sendFailed(now, to, reason);
  }

  /** Accepts a connection of a peer. Returns the id of the stream. */
  accept(now: number, peer: Address): number {
    beginInput(this.#context, now);
    return this.#swim.accept(now, peer);
  }

  /** Handles what happened on a stream. */
  stream(now: number, id: number, input: StreamInput): void {
    beginInput(this.#context, now);
    this.#swim.stream(now, id, input);
  }

  /** The state of this node. */
  get state(): LifeState {
    return this.#context.state;
  }

  /** Returns frozen records of all members. */
  members(): Member[] {
    return this.#members.list();
  }

  /** Returns the frozen record of one member, or `undefined`. */
  member(name: string): Member | undefined {
    return this.#members.find(name);
  }

  /** The reason why this node may not join others now, or `undefined`. */
  get joinRefusal(): string | undefined {
    return this.#context.state === "leaving" ? "Serf can't Join after Leave or Shutdown" : undefined;
  }

  /**
   * Begins a join through one or more addresses. Unless `replay`, user events that were sent before
   * it are ignored. A node that left is alive again when it reaches the first address.
   */
  beginJoin(now: number, replay: boolean): void {
    beginInput(this.#context, now);
    this.#shared.beginJoin(replay);
    this.#life.beginJoin();
  }

  /** Exchanges state with one address, then settles `command`. `name` may be empty. */
  join(now: number, command: number, to: Address, name: string): void {
    beginInput(this.#context, now);
    this.#commands.begin(command);
    const done = (_now: number, error: string | undefined): void => {
      if (error === undefined) this.#life.contacted();
      this.#commands.settle(command, error);
    };
    this.#swim.join(now, to, name, done, (at) => {
      if (!this.#life.mayComeBack) return;
      // Peers may have accepted a leave one past the one that we sent; our join has to be newer.
      this.#context.clocks.members.take();
      this.#recovery?.snapshot.comeBack(this.#members.list());
      this.#life.comeBack(at);
    });
  }

  /**
   * Ends what {@link beginJoin} began. If there was at least one contact, broadcasts that this node
   * has joined. Returns true if the node came back for a join but exchanged state with nobody: it
   * is in no cluster, and the host has to call {@link leave} again.
   */
  endJoin(now: number, replay: boolean, contacts: number): boolean {
    beginInput(this.#context, now);
    this.#shared.endJoin(replay);
    if (contacts > 0 && this.state === "alive") this.#intents.announceJoin(now);
    return this.#life.endJoin();
  }

  /** Leaves the cluster, then settles `command`. The caller must check {@link state} first. */
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

  /** The number of members that are alive or suspected, this node included. */
  get liveCount(): number {
    return this.#swim.liveCount;
  }

  /** Returns where to reach other live members, at most `countMax`; the neighbours on the ring come first. */
  nearest(countMax: number): Address[] {
    return this.#swim.nearest(countMax);
  }

  /** Returns the last known network coordinate of a member, or `undefined`. */
  coordinate(name: string): Coordinate | undefined {
    return this.#coordinates.find(name);
  }

  /**
   * Makes a failed member one that left, or with `prune` erases it; settles `command` when the
   * intent has been sent often enough. Throws SerfError (ERR_STATE) if a live member should be
   * erased: it would keep running without being a member.
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
   * Replaces all tags; settles `command` when they have been sent often enough. Throws SerfError
   * (ERR_LIMIT) if they are too long; then nothing changed.
   */
  setTags(now: number, command: number, tags: Tags): void {
    beginInput(this.#context, now);
    this.#context.local.setTags(tags);
    this.#beginTimed(now, command, "timeout waiting for update broadcast");
    this.#swim.update(now, () => this.#commands.settle(command, undefined));
  }

  /** Returns a view into this node, for checkers of simulated clusters. */
  inspect(): Inspection {
    return new Inspection(this.#context, this.#swim, this.#queues, this.#events);
  }

  /** Returns statistics under Serf's names (serf `Stats`). */
  stats(): Record<string, string> {
    return statistics(this.#context, {
      members: this.#members,
      queues: this.#queues,
      coordinates: this.#coordinates,
      swim: this.#swim,
    });
  }

  /** Begins a command that settles with `error` if its broadcast is not sent often enough in time. */
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
        this.#members.pruneAfterWait(now, timer.node);
        return;
      case "restore": {
        const node = this.#swim.find(timer.node);
        if (node?.status === "alive" || node?.status === "suspect") this.#members.restore(now, node);
        return;
      }
      case "query":
        this.queries.expired(now, timer.lamportTime);
        return;
      case "heldEvents":
        this.#events.expire(now);
        return;
      case "command":
        this.#commands.settle(timer.command, timer.error);
        return;
      default:
        unreachable(timer);
    }
  }
}
