/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The public class `Serf`: one loop passes inputs to the pure core, carries out effects, arms a timer.
 */

import { untilAborted } from "../async/until_aborted.ts";
import { type Coordinate, distanceSeconds } from "../core/coordinate/coordinate.ts";
import type { LogLevel } from "../core/effects.ts";
import type { Member } from "../core/serf/api.ts";
import type { SerfCore } from "../core/serf/serf_core.ts";
import { tagRecord } from "../core/serf/wire/tags.ts";
import type { Codec } from "../core/wire/codec.ts";
import { SerfError, type SerfErrorCode } from "../errors.ts";
import { printableEntry } from "../go/printable.ts";
import { systemText } from "../go/system_errors.ts";
import type { Address, Runtime, Signal } from "../runtime.ts";
import { AskedQueries } from "./asked_queries.ts";
import { type CallOptions, Calls, callKinds, type RemoveOptions, removeKinds } from "./calls.ts";
import { Driver } from "./driver.ts";
import { deliveredEvent, sentEvent, type UserEventOptions } from "./events/delivered.ts";
import { NodeEvents } from "./events/node_events.ts";
import { Watch } from "./events/watch.ts";
import { type JoinOptions, type JoinResult, Joins, joinRefusal } from "./joining/join.ts";
import { KeyringFile } from "./keyring_file.ts";
import { Keys } from "./keys.ts";
import { leaveOn } from "./leave_on.ts";
import { FloodWatch } from "./network/flood_watch.ts";
import type { Sockets } from "./network/sockets.ts";
import { NodeStreams } from "./network/streams.ts";
import { boundAddress, createCore, type Opened, openUnlessAborted } from "./open.ts";
import { checkArgument, checkOptions, kinds } from "./options/arguments.ts";
import type { ParsedOptions, SerfOptions } from "./options/options.ts";
import type { ParsedStart } from "./options/start.ts";
import { type EffectTargets, perform } from "./perform.ts";
import type { Query, QueryOptions } from "./query.ts";
import { PatternEngine } from "./regexp.ts";
import type { SnapshotFile } from "./snapshot_file.ts";

/**
 * The state of a node (serf `SerfState`). A node that has left can come back by a join; one that
 * was shut down cannot.
 */
export type SerfState = "alive" | "leaving" | "left" | "shutdown";

type Command = (core: SerfCore, now: number, command: number) => void;

/** A node: a member of a cluster, in this process (serf `Serf`). {@link Serf.start} creates one. */
export class Serf extends NodeEvents implements AsyncDisposable {
  #stop: (reason: string) => void = () => undefined;
  /** Resolves with the reason when the node has stopped: `shutdown` or `name conflict`. */
  readonly stopped: Promise<string> = new Promise((resolve) => {
    this.#stop = resolve;
  });
  /** Manages the encryption keys of the whole cluster. */
  readonly keys: Keys = new Keys({
    liveCount: () => this.#core.liveCount,
    ask: (name, payload, options) => this.query(name, payload, options),
    warn: (text) => this.#log("WARN", "serf", text),
  });
  readonly #runtime: Runtime;
  readonly #core: SerfCore;
  readonly #codec: Codec;
  readonly #options: ParsedOptions;
  readonly #sockets: Sockets;
  readonly #floods: FloodWatch;
  readonly #streams: NodeStreams;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #keyringFile: KeyringFile | undefined;
  readonly #driver: Driver;
  readonly #watch: Watch;
  readonly #calls: Calls;
  readonly #joins: Joins;
  readonly #patterns = new PatternEngine(() => this.#turn((core, now) => core.queries.patternsLoaded(now)));
  readonly #queries: AskedQueries;
  readonly #targets: EffectTargets;
  /** The leave that runs. Rejects if the node is shut down before its end. */
  #leaving: Promise<void> | undefined;
  #shutdown: Promise<void> | undefined;

  /**
   * Starts a node: binds UDP and TCP sockets. It is the only member of its cluster until it joins
   * another. Rejects with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS,
   * ERR_BIND); then nothing stays open.
   */
  static async start(options: SerfOptions, runtime: Runtime): Promise<Serf> {
    return await Serf.launch(options, runtime, (opened) => new Serf(opened));
  }

  /**
   * Starts a node of a subclass: `create` passes what it gets to the constructor. That is unknown,
   * because the types of the core are no part of the public ones.
   */
  protected static async launch<Node extends Serf>(
    options: SerfOptions,
    runtime: Runtime,
    create: (opened: unknown) => Node,
  ): Promise<Node> {
    const opened = await openUnlessAborted(options, runtime);
    let node: Node | undefined;
    try {
      node = create(opened);
      await node.#begin(opened.options.start);
      return node;
    } catch (error) {
      await (node?.shutdown() ?? opened.close());
      throw error;
    }
  }

  /** Makes nodes members of one cluster as if they had joined long ago. For simulations. */
  protected static acquaint(nodes: readonly Serf[]): void {
    const members = nodes.map((node) => node.#core.standing);
    for (const node of nodes) node.#turn((core, now) => core.adopt(now, members));
  }

  /** For subclasses of a runtime; everybody else calls {@link Serf.start}. */
  protected constructor(parts: unknown) {
    const { runtime, options, codec, sockets, snapshot, attach } = parts as Opened;
    const watch = new Watch(runtime.clock, {
      log: (level, text) => this.#log(level, "serf", text),
      members: () => this.#core.members(),
    });
    super(watch);
    this.#watch = watch;
    this.#runtime = runtime;
    this.#calls = new Calls(runtime.clock);
    this.#queries = new AskedQueries(runtime.clock, (input) => this.#act(input), this.#patterns);
    this.#options = options;
    this.#codec = codec;
    this.#sockets = sockets;
    this.#core = createCore(parts as Opened, {
      matchPattern: this.#patterns.match,
      respond: (query, payload) => this.#act((core, now) => core.queries.respond(now, query, payload)),
    });
    this.#snapshot = snapshot?.file;
    this.#snapshot?.start(() => this.#core.snapshot());
    this.#keyringFile =
      options.keyringFile === undefined ? undefined : new KeyringFile(options.keyringFile, runtime.files);
    this.#driver = new Driver(
      this.#core,
      runtime.clock,
      (effect) => perform(this.#targets, effect),
      () => watch.changed(),
    );
    this.#streams = new NodeStreams(runtime, {
      accept: (peer) => this.#turn((core, now) => core.accept(now, peer)),
      stream: (id, input) => this.#turn((core, now) => core.stream(now, id, input)),
    });
    this.#joins = new Joins({
      runtime,
      defaultPort: sockets.port,
      log: (level, component, text) => this.#log(level, component, text),
      members: () => this.#core.members(),
      local: () => this.local,
      begin: (replay) => this.#turn((core, now) => core.beginJoin(now, replay)),
      contact: (to, name) =>
        this.#command("ERR_JOIN", (core, now, command) => core.join(now, command, to, name)),
      end: (replay, contacts) => this.#turn((core, now) => core.endJoin(now, replay, contacts)),
      leave: () => this.#leaveOnce(),
    });
    this.#floods = new FloodWatch(runtime.clock, sockets.datagrams, {
      peers: (countMax) => this.#core.nearest(countMax),
      log: (level, text) => this.#log(level, "memberlist", text),
    });
    this.#targets = this.#effectTargets();
    attach({
      packet: this.#floods.counted((from, bytes) => this.#turn((core, now) => core.packet(now, from, bytes))),
      sendFailed: (to, error) => this.#turn((core, now) => core.sendFailed(now, to, systemText(error))),
      accept: (connection) => this.#streams.accept(connection),
    });
  }

  /** The name of this node. */
  get name(): string {
    return this.#options.serf.name;
  }

  /** The state of this node. */
  get state(): SerfState {
    return this.#shutdown === undefined ? this.#core.state : "shutdown";
  }

  /** Whether this node has a key, and so encrypts. */
  get encrypted(): boolean {
    return this.#codec.encrypted;
  }

  /** The bound address, with the real port even if the options had port 0. */
  get bound(): Address {
    return boundAddress(this.#sockets);
  }

  /** Returns all known members, in every status. */
  members(): readonly Member[] {
    return this.#core.members();
  }

  /** This node as a member. Throws SerfError (ERR_STATE) if it was erased from its own list. */
  get local(): Member {
    const own = this.#core.member(this.name);
    if (own === undefined)
      throw new SerfError("ERR_STATE", `Cannot read the local member "${this.name}": it was erased`);
    return own;
  }

  /**
   * Joins a cluster through seeds and returns what became of each. A seed is `host`,
   * `host:port`, `[v6]:port`, `name/host:port` or a DNS service `_service._tcp.domain`; every
   * address of a name is contacted. A node that left comes back with the first contact. Rejects
   * with {@link JoinError} if no address replied, and with SerfError (ERR_STATE) if the node leaves
   * or is shut down, before the join or during it.
   */
  async join(seeds: readonly string[], options: JoinOptions = {}): Promise<JoinResult> {
    if (this.state === "shutdown" || this.#core.joinRefusal !== undefined) throw joinRefusal();
    return await this.#joins.join(seeds, options);
  }

  /**
   * Leaves the cluster and waits until that has spread. The node runs until {@link shutdown} and
   * can join again. Ends the joins that run. Does nothing else if the node has left. Rejects with
   * SerfError (ERR_STATE) while another leave runs and after shutdown, and with the reason of an
   * aborted signal; the leave then goes on.
   */
  async leave(options: CallOptions = {}): Promise<void> {
    checkOptions("leave", callKinds, options);
    options.signal?.throwIfAborted();
    const { state } = this;
    if (state === "leaving") throw new SerfError("ERR_STATE", "Leave already in progress");
    if (state === "shutdown") throw new SerfError("ERR_STATE", "Leave called after Shutdown");
    if (state === "alive") await untilAborted(options.signal, this.#leaveOnce());
    else this.#joins.stop();
  }

  /**
   * Stops the node at once. Without a {@link leave} before it, the others will see it fail. A
   * second call waits for the same end.
   */
  shutdown(): Promise<void> {
    return this.#end("shutdown");
  }

  /**
   * Makes a failed member one that left, so that nobody tries to reach it any more; with `prune` it
   * is erased everywhere. An unknown name is not an error. Rejects with SerfError (ERR_TIMEOUT) if
   * that did not spread in time, and (ERR_STATE) if `prune` names a live member and after shutdown.
   */
  async removeFailedNode(name: string, options: RemoveOptions = {}): Promise<void> {
    checkArgument("remove a failed node", "name", kinds.text, name);
    checkOptions("remove a failed node", removeKinds, options);
    const { prune = false, signal } = options;
    const begin: Command = (core, now, command) => core.removeFailedNode(now, command, name, prune);
    await this.#command("ERR_TIMEOUT", begin, signal);
  }

  /**
   * Replaces all tags of this node and waits until that has spread. Rejects with SerfError
   * (ERR_LIMIT) if they have more than 512 bytes when encoded, (ERR_TIMEOUT) if they did not spread
   * in time, though they stay set, and (ERR_STATE) after shutdown.
   */
  async setTags(tags: Readonly<Record<string, string>>, options: CallOptions = {}): Promise<void> {
    checkArgument("set tags", "tags", kinds.textMap, tags);
    checkOptions("set tags", callKinds, options);
    const copy = Object.freeze(tagRecord(Object.entries(tags)));
    const begin: Command = (core, now, command) => core.setTags(now, command, copy);
    await this.#command("ERR_TIMEOUT", begin, options.signal);
  }

  /**
   * Sends an event to all members, this one included, without confirmation. An event that does not
   * fit a packet (about 1,350 bytes) spreads by push/pulls alone, which takes minutes. Throws
   * SerfError (ERR_LIMIT) if it is larger than `userEventSizeLimit`, and (ERR_STATE) after
   * shutdown.
   */
  userEvent(name: string, payload: Uint8Array | string = "", options: UserEventOptions = {}): void {
    const event = sentEvent(name, payload, options);
    this.#act((core, now) => core.userEvent(now, event.name, event.payload, event.coalesce));
  }

  /**
   * Asks all members, or some, a query. Iterate over the result to get the replies; it ends when
   * all expected members have replied, or when the time is over. Throws SerfError (ERR_LIMIT) if
   * the query is larger than `querySizeLimit`, its tag expressions are too much work, or too many
   * are running, (ERR_OPTION) if an option is invalid, and (ERR_STATE) after shutdown.
   */
  query(name: string, payload: Uint8Array | string = "", options: QueryOptions = {}): Query {
    return this.#queries.ask(name, payload, options);
  }

  /** Returns the network coordinate of a member, by default of this node, or `undefined`. */
  coordinate(name: string = this.name): Coordinate | undefined {
    checkArgument("read a coordinate", "name", kinds.text, name);
    return this.#core.coordinate(name);
  }

  /**
   * Returns the estimated round-trip time between two members in milliseconds, by default from this
   * node; `undefined` if one of their coordinates is not known.
   */
  estimateRtt(to: string, from: string = this.name): number | undefined {
    const [a, b] = [this.coordinate(from), this.coordinate(to)];
    return a === undefined || b === undefined ? undefined : distanceSeconds(a, b) * 1000;
  }

  /** Returns statistics under Serf's names, all as text (serf `Stats`). */
  stats(): Record<string, string> {
    return this.#core.stats();
  }

  /** Leaves if the node is alive, or waits for the leave that runs, then shuts down. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.state === "alive" || this.state === "leaving") await this.#leaveOnce();
    } catch (error) {
      // A shutdown ends the leave. The node has stopped then, as the caller wants.
      if (this.#shutdown === undefined) throw error;
    }
    await this.shutdown();
  }

  /** Passes one input to the core, then carries out the effects. Does nothing after shutdown. */
  #turn<Result>(input: (core: SerfCore, now: number) => Result): Result | undefined {
    return this.#driver.turn(input);
  }

  /** Passes one input to the core like {@link #turn}; throws SerfError (ERR_STATE) after shutdown. */
  #act<Result>(input: (core: SerfCore, now: number) => Result): Result {
    if (this.#shutdown !== undefined)
      throw new SerfError("ERR_STATE", `Cannot use "${this.name}": it was shut down`);
    return this.#turn(input) as Result;
  }

  #log(level: LogLevel, component: string, text: string): void {
    const line = { time: this.#runtime.clock.wallTime(), level, component, text: printableEntry(text) };
    this.#options.log(line);
    this.#watch.line(line);
  }

  #effectTargets(): EffectTargets {
    return {
      datagrams: this.#sockets.datagrams,
      streams: this.#streams,
      emit: (event) => this.#watch.push(deliveredEvent(event, this.#runtime.clock)),
      calls: this.#calls,
      queries: this.#queries,
      snapshot: this.#snapshot,
      storeKeys: ({ keys, write }) =>
        this.#keyringFile?.store(keys, (error) =>
          this.#turn((core, now) => core.queries.keysStored(now, write, error)),
        ),
      log: ({ level, component, text }) => this.#log(level, component, text),
      halt: (reason) => void this.#end(reason),
    };
  }

  #command(code: SerfErrorCode, begin: Command, signal?: Signal): Promise<void> {
    return this.#calls.run(code, (command) => this.#act((core, now) => begin(core, now, command)), signal);
  }

  async #begin(start: ParsedStart): Promise<void> {
    const log = (level: LogLevel, text: string): void => this.#log(level, "serf", text);
    void this.stopped.then(leaveOn(start.leaveOn, this.#runtime.signals, this, log));
    this.#turn((core, now) => core.start(now));
    await this.#joins.begin(start);
  }

  /** Leaves, or waits for the leave that runs. */
  #leaveOnce(): Promise<void> {
    this.#joins.stop();
    this.#leaving ??= this.#calls
      .begin("ERR_TIMEOUT", (command) => this.#act((core, now) => core.leave(now, command)))
      .finally(() => {
        this.#leaving = undefined;
      });
    return this.#calls.waitFor(this.#leaving);
  }

  #end(reason: string): Promise<void> {
    this.#shutdown ??= this.#close(reason);
    return this.#shutdown;
  }

  async #close(reason: string): Promise<void> {
    if (this.#core.state !== "left") this.#log("WARN", "serf", "Shutdown without a Leave");
    this.#driver.stop();
    this.#floods.stop();
    this.#streams.closeAll();
    this.#joins.stop();
    for (const effect of this.#core.end()) perform(this.#targets, effect);
    const end = new SerfError("ERR_STATE", `"${this.name}" was shut down`);
    this.#watch.end(reason, end);
    this.#calls.close(end);
    this.#queries.close();
    await this.#keyringFile?.settled;
    const { datagrams, listener } = this.#sockets;
    await Promise.all([datagrams.close(), listener.close(), this.#snapshot?.close()]);
    this.#stop(reason);
  }
}
