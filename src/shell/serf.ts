/**
 * The shell: drives the pure core on a runtime. One loop feeds inputs, performs effects in order, and arms one timer.
 */

import { encodeUtf8 } from "../core/bytes.ts";
import { type Coordinate, distanceSeconds } from "../core/coordinate/coordinate.ts";
import type { LogLevel } from "../core/effects.ts";
import { printableEntry } from "../core/printable.ts";
import type { Member, SerfEvent } from "../core/serf/api.ts";
import { SerfCore } from "../core/serf/serf_core.ts";
import type { Codec } from "../core/wire/codec.ts";
import { SerfError, type SerfErrorCode } from "../errors.ts";
import { systemText } from "../go/system_errors.ts";
import { canonicalHost } from "../net/address.ts";
import { addressBytes } from "../net/cidr.ts";
import type { Address, Runtime } from "../runtime.ts";
import { isPrivateAddress } from "./advertise.ts";
import { Alarm } from "./alarm.ts";
import { Calls } from "./calls.ts";
import { type JoinOptions, joinSeeds } from "./join.ts";
import { KeyringFile } from "./keyring_file.ts";
import { Keys } from "./keys.ts";
import { boundAddress, type Opened, openNode } from "./open.ts";
import type { ParsedOptions, SerfOptions } from "./options.ts";
import type { EffectTargets } from "./perform.ts";
import { perform } from "./perform.ts";
import { AskedQueries, type Query, type QueryOptions } from "./query.ts";
import { PatternEngine } from "./regexp.ts";
import type { SnapshotFile } from "./snapshot_file.ts";
import type { Sockets } from "./sockets.ts";
import { NodeStreams } from "./streams.ts";
import { type EventsOptions, type LaggedEvent, Subscribers } from "./subscription.ts";

export type { JoinOptions } from "./join.ts";
export type { EventsOptions, LaggedEvent } from "./subscription.ts";

/** Where a node is in its life. */
export type SerfState = "alive" | "leaving" | "left" | "shutdown";

/** How a user event is sent. */
export interface UserEventOptions {
  /** Receivers may merge it with others of the same name. Default false. */
  readonly coalesce?: boolean;
}

/** A member of a cluster. Create one with {@link Serf.start}. */
export class Serf implements AsyncDisposable {
  /** Settles when the node has stopped; the value says why. */
  readonly stopped: Promise<string>;
  /** The encryption keys of the cluster. */
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
  readonly #streams: NodeStreams;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #keyringFile: KeyringFile | undefined;
  readonly #alarm: Alarm;
  readonly #subscribers = new Subscribers<SerfEvent>();
  readonly #calls = new Calls();
  readonly #patterns = new PatternEngine(() => this.#turn((core, now) => core.queries.patternsLoaded(now)));
  readonly #queries = new AskedQueries((input) => this.#act(input));
  readonly #targets: EffectTargets;
  readonly #stop: (reason: string) => void;
  #shutdown: Promise<void> | undefined;
  #draining = false;

  /**
   * Starts a node: binds UDP and TCP and announces itself. Rejects with SerfError (ERR_OPTION,
   * ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS, ERR_BIND); then nothing stays open.
   */
  static async start(options: SerfOptions, runtime: Runtime): Promise<Serf> {
    const opened = await openNode(options, runtime);
    try {
      const node = new Serf(opened);
      node.#warnIfExposed(opened.address);
      node.#turn((core, now) => core.start(now));
      return node;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  private constructor(opened: Opened) {
    const { runtime, options, codec, sockets, address, port, snapshot, meter } = opened;
    this.#runtime = runtime;
    this.#options = options;
    this.#codec = codec;
    this.#sockets = sockets;
    this.#core = new SerfCore({
      config: options.serf,
      swim: { ...options.swim, address, port, bindPort: sockets.port },
      random: opened.random,
      codec,
      matchPattern: this.#patterns.match,
      admission: options.admission,
      respond: (query, payload) =>
        this.#act((core, now) => core.queries.respond(now, query, payload.slice())),
      keysAreStored: options.keyringFile !== undefined,
      ...(snapshot && { restored: snapshot.restored }),
      ...(meter && { meter }),
    });
    this.#snapshot = snapshot?.file;
    this.#snapshot?.start(() => this.#core.snapshot());
    this.#keyringFile =
      options.keyringFile === undefined ? undefined : new KeyringFile(options.keyringFile, runtime.files);
    this.#alarm = new Alarm(runtime.clock, () => this.#turn((core, now) => core.tick(now)));
    this.#streams = new NodeStreams(runtime.streams, {
      accept: (peer) => this.#turn((core, now) => core.accept(now, peer)),
      stream: (id, input) => this.#turn((core, now) => core.stream(now, id, input)),
    });
    this.#targets = this.#effectTargets();
    let stop: (reason: string) => void = () => undefined;
    this.stopped = new Promise((resolve) => {
      stop = resolve;
    });
    this.#stop = stop;
    opened.attach({
      packet: (from, bytes) => this.#turn((core, now) => core.packet(now, from, bytes)),
      sendFailed: (to, error) => this.#turn((core, now) => core.sendFailed(now, to, systemText(error))),
      accept: (connection) => this.#streams.accept(connection),
    });
  }

  /** This node's unique name. */
  get name(): string {
    return this.#options.serf.name;
  }

  /** Where this node is in its life. */
  get state(): SerfState {
    return this.#shutdown === undefined ? this.#core.state : "shutdown";
  }

  /** Whether traffic is encrypted. */
  get encrypted(): boolean {
    return this.#codec.encrypted;
  }

  /** The bound address; the port is the real one also when 0 was asked for. */
  get bound(): Address {
    return boundAddress(this.#sockets);
  }

  /** All known members in every status, frozen. */
  members(): readonly Member[] {
    return this.#core.members();
  }

  /** This node's own record. */
  get local(): Member {
    const own = this.#core.member(this.name);
    if (own === undefined)
      throw new SerfError("ERR_STATE", `Cannot read the local member "${this.name}": it was erased`);
    return own;
  }

  /**
   * Joins through seeds `host`, `host:port`, `[v6]:port` or `name/host:port`; names are resolved anew at each call and every address is
   * tried. A node that left comes back with it. Returns how many answered. ERR_JOIN when none did, with a line for each; ERR_STATE while
   * leaving and after shutdown.
   */
  async join(seeds: readonly string[], options: JoinOptions = {}): Promise<number> {
    const refusal =
      this.#shutdown === undefined ? this.#core.joinRefusal : "Serf can't Join after Leave or Shutdown";
    if (refusal !== undefined) throw new SerfError("ERR_STATE", refusal);
    options.signal?.throwIfAborted();
    const replay = options.replay ?? false;
    this.#turn((core, now) => core.beginJoin(now, replay));
    let contacts = 0;
    try {
      const joiner = {
        runtime: this.#runtime,
        defaultPort: this.#sockets.port,
        log: (level: LogLevel, text: string) => this.#log(level, "memberlist", text),
        contact: (to: Address, node: string) =>
          this.#command("ERR_JOIN", (core, now, command) => core.join(now, command, to, node)),
      };
      contacts = await joinSeeds(joiner, seeds, options.signal);
      return contacts;
    } finally {
      this.#turn((core, now) => core.endJoin(now, replay, contacts));
    }
  }

  /** Says goodbye and waits until it has spread. ERR_STATE while another leave runs or after shutdown. */
  async leave(): Promise<void> {
    switch (this.state) {
      case "left":
        return;
      case "leaving":
        throw new SerfError("ERR_STATE", "Leave already in progress");
      case "shutdown":
        throw new SerfError("ERR_STATE", "Leave called after Shutdown");
      case "alive":
        await this.#command("ERR_TIMEOUT", (core, now, command) => core.leave(now, command));
    }
  }

  /** Stops at once, without a word to the cluster. Calling it again waits for the same end. */
  shutdown(): Promise<void> {
    return this.#end("shutdown");
  }

  /**
   * Turns a failed member into one that left; with `prune` it is erased everywhere. A name nobody knows is not an error. ERR_TIMEOUT when the
   * word could not be spread in time.
   */
  removeFailedNode(name: string, options: { readonly prune?: boolean } = {}): Promise<void> {
    return this.#command("ERR_TIMEOUT", (core, now, command) =>
      core.removeFailedNode(now, command, name, options.prune ?? false),
    );
  }

  /** Replaces all tags and waits until the cluster was told. ERR_LIMIT above 512 encoded bytes; ERR_TIMEOUT (the tags stay set). */
  setTags(tags: Readonly<Record<string, string>>): Promise<void> {
    return this.#command("ERR_TIMEOUT", (core, now, command) => core.setTags(now, command, tags));
  }

  /**
   * Sends an event to all members, this one included; nobody confirms it. An event too large for a packet (about 1,350 bytes) spreads with
   * push/pulls alone, which takes minutes. ERR_LIMIT above `userEventSizeLimit`; ERR_STATE after shutdown.
   */
  userEvent(name: string, payload: Uint8Array | string = "", options: UserEventOptions = {}): void {
    this.#act((core, now) => core.userEvent(now, name, bytesOf(payload), options.coalesce ?? false));
  }

  /**
   * Asks all members, or some, a question; iterate over the result for replies. It ends when everybody who can reply has, or when the time
   * is over. ERR_LIMIT above `querySizeLimit`; ERR_OPTION; ERR_STATE after shutdown.
   */
  query(name: string, payload: Uint8Array | string = "", options: QueryOptions = {}): Query {
    return this.#queries.ask(name, bytesOf(payload), options);
  }

  /** Where a member is in the network's space of round-trip times, as far as it is known; by default this node. */
  coordinate(name: string = this.name): Coordinate | undefined {
    return this.#core.coordinate(name);
  }

  /** Estimated round-trip time between two members in milliseconds, by default from this node; `undefined` when one is unknown. */
  estimateRtt(to: string, from: string = this.name): number | undefined {
    const [a, b] = [this.#core.coordinate(from), this.#core.coordinate(to)];
    return a === undefined || b === undefined ? undefined : distanceSeconds(a, b) * 1000;
  }

  /** Statistics under the original's names, all as text. */
  stats(): Record<string, string> {
    return this.#core.stats();
  }

  /**
   * Events from now on; the first iterator also gets what happened before it, such as this node's own join. A consumer that falls behind
   * loses the oldest and gets a `lagged` notice in their place.
   */
  events(options: EventsOptions = {}): AsyncIterableIterator<SerfEvent | LaggedEvent> {
    return this.#subscribers.subscribe(options, this.#shutdown !== undefined);
  }

  /** Leaves if possible, then shuts down. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.state === "alive") await this.leave();
    await this.shutdown();
  }

  /** Feeds one input, then performs what the core asks for. */
  #turn<Result>(input: (core: SerfCore, now: number) => Result): Result | undefined {
    if (this.#shutdown !== undefined) return undefined;
    const result = input(this.#core, this.#runtime.clock.now());
    if (!this.#draining) this.#drain();
    return result;
  }

  /** Feeds one input; ERR_STATE after shutdown. What the core throws comes out. */
  #act<Result>(input: (core: SerfCore, now: number) => Result): Result {
    if (this.#shutdown !== undefined) throw this.#wasShutDown();
    return this.#turn(input) as Result;
  }

  #wasShutDown(): SerfError {
    return new SerfError("ERR_STATE", `Cannot use "${this.name}": it was shut down`);
  }

  #drain(): void {
    this.#draining = true;
    try {
      for (let effects = this.#core.drain(); effects.length > 0; effects = this.#core.drain()) {
        for (const effect of effects) perform(this.#targets, effect);
      }
    } finally {
      this.#draining = false;
    }
    if (this.#shutdown === undefined) this.#alarm.set(this.#core.deadline());
  }

  #log(level: LogLevel, component: string, text: string): void {
    this.#options.log({ time: this.#runtime.clock.wallTime(), level, component, text: printableEntry(text) });
  }

  /** memberlist's warning about a node that everybody can reach and that has no key. */
  #warnIfExposed(advertised: Uint8Array): void {
    if (this.encrypted) return;
    const address = addressBytes(canonicalHost(this.bound.host) ?? "") ?? advertised;
    if (!isPrivateAddress(address)) {
      this.#log("WARN", "memberlist", "Binding to public address without encryption!");
    }
  }

  #effectTargets(): EffectTargets {
    return {
      datagrams: this.#sockets.datagrams,
      streams: this.#streams,
      subscribers: this.#subscribers,
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

  #command(
    code: SerfErrorCode,
    begin: (core: SerfCore, now: number, command: number) => void,
  ): Promise<void> {
    if (this.#shutdown !== undefined) return Promise.reject(this.#wasShutDown());
    return this.#calls.run(code, (command) => this.#turn((core, now) => begin(core, now, command)));
  }

  #end(reason: string): Promise<void> {
    this.#shutdown ??= this.#close(reason);
    return this.#shutdown;
  }

  async #close(reason: string): Promise<void> {
    if (this.#core.state !== "left") this.#log("WARN", "serf", "Shutdown without a Leave");
    this.#alarm.stop();
    this.#streams.closeAll();
    for (const effect of this.#core.end()) perform(this.#targets, effect);
    this.#subscribers.end();
    this.#calls.close(new SerfError("ERR_STATE", `"${this.name}" was shut down`));
    this.#queries.close();
    await this.#keyringFile?.settled;
    const { datagrams, listener } = this.#sockets;
    await Promise.all([datagrams.close(), listener.close(), this.#snapshot?.close()]);
    this.#stop(reason);
  }
}

function bytesOf(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string" ? encodeUtf8(payload) : payload.slice();
}
