/**
 * The shell: drives the pure core on a runtime. One loop feeds inputs, performs effects in order, and arms one timer.
 */

import { canonicalHost, joinHostPort } from "./address.ts";
import { isPrivateAddress } from "./advertise.ts";
import { addressBytes } from "./cidr.ts";
import { Connections } from "./connections.ts";
import { unreachable } from "./core/assert.ts";
import type { Effect } from "./core/effects.ts";
import { Random } from "./core/random.ts";
import type { Member, SerfEvent } from "./core/serf/member.ts";
import { SerfCore } from "./core/serf/serf_core.ts";
import { Codec } from "./core/wire/codec.ts";
import { SerfError, type SerfErrorCode } from "./errors.ts";
import { type EventsOptions, type LaggedEvent, Subscribers } from "./events.ts";
import { type LogLine, type ParsedOptions, parseOptions, type SerfOptions } from "./options.ts";
import type { Address, Cancel, Connection, DatagramHandler, Runtime } from "./runtime.ts";
import { resolveSeeds, type Target } from "./seeds.ts";
import { openSnapshot, type SnapshotFile } from "./snapshot_file.ts";
import { advertised, openSockets, type Sockets } from "./sockets.ts";
import { errorList, systemText } from "./system_text.ts";

export type { EventsOptions, LaggedEvent } from "./events.ts";

/** Where a node is in its life. */
export type SerfState = "alive" | "leaving" | "left" | "shutdown";

/** How a join is done. */
export interface JoinOptions {
  /** Also deliver user events that happened before the join. Default false. */
  readonly replay?: boolean;
  /** Stops waiting; contacts that are under way end by themselves. */
  readonly signal?: AbortSignal;
}

interface Waiter {
  readonly code: SerfErrorCode;
  readonly resolve: () => void;
  readonly reject: (error: SerfError) => void;
}

/** Seeds that are contacted at the same time. */
const joinConcurrency = 8;

/** A member of a cluster. Create one with {@link Serf.start}. */
export class Serf implements AsyncDisposable {
  /** Settles when the node has stopped; the value says why. */
  readonly stopped: Promise<string>;
  readonly #runtime: Runtime;
  readonly #core: SerfCore;
  readonly #codec: Codec;
  readonly #options: ParsedOptions;
  readonly #log: (line: LogLine) => void;
  readonly #sockets: Sockets;
  readonly #connections: Connections;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #subscribers = new Subscribers<SerfEvent>();
  readonly #waiters = new Map<number, Waiter>();
  readonly #stop: (reason: string) => void;
  #commands = 0;
  #shutdown: Promise<void> | undefined;
  #draining = false;
  #cancelTimer: Cancel | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /**
   * Starts a node: binds UDP and TCP and announces itself. Fails with SerfError (ERR_OPTION, ERR_NAME, ERR_KEY, ERR_LIMIT, ERR_ADDRESS,
   * ERR_BIND); then nothing stays open.
   */
  static async start(options: SerfOptions, runtime: Runtime): Promise<Serf> {
    const parsed = parseOptions(options, () => runtime.host.hostname());
    const random = new Random((bytes) => runtime.random.fill(bytes));
    const codec = new Codec({
      label: parsed.label,
      compression: parsed.compression,
      encryptionVersion: parsed.swim.protocol === 1 ? 0 : 1,
      random,
    });
    codec.setKeys(parsed.keys);
    // The sockets are opened before the node exists, as its port may be theirs; nothing is received before the first turn of the loop.
    let node: Serf | undefined;
    const handler: DatagramHandler = {
      packet: (from, bytes) => {
        if (node !== undefined) node.#turn((core, now) => core.packet(now, from, bytes));
      },
      sendFailed: (to, error) => {
        if (node !== undefined) node.#turn((core, now) => core.sendFailed(now, to, systemText(error)));
      },
    };
    const accept = (connection: Connection): void => {
      if (node === undefined) connection.close();
      else node.#connections.accept(connection);
    };
    const log = options.log ?? (() => undefined);
    const snapshot = await openSnapshot(runtime, parsed, log);
    const sockets = await openSockets(runtime, parsed.bind, handler, accept).catch(async (error) => {
      await snapshot?.file.close();
      throw error;
    });
    try {
      const { address, port } = await advertised(runtime, parsed.bind, sockets.port, parsed.advertise);
      const core = new SerfCore({
        config: parsed.serf,
        swim: { ...parsed.swim, address, port, bindPort: sockets.port },
        random,
        codec,
        ...(snapshot && { restored: snapshot.restored }),
      });
      node = new Serf(runtime, core, codec, parsed, log, sockets, snapshot?.file);
      if (
        parsed.keys.length === 0 &&
        !isPrivateAddress(addressBytes(canonicalHost(node.#boundHost) ?? "") ?? address)
      ) {
        node.#line("WARN", "memberlist", "Binding to public address without encryption!");
      }
      node.#turn((started, now) => started.start(now));
      return node;
    } catch (error) {
      await Promise.all([sockets.datagrams.close(), sockets.listener.close(), snapshot?.file.close()]);
      throw error;
    }
  }

  private constructor(
    runtime: Runtime,
    core: SerfCore,
    codec: Codec,
    options: ParsedOptions,
    log: (line: LogLine) => void,
    sockets: Sockets,
    snapshot: SnapshotFile | undefined,
  ) {
    this.#runtime = runtime;
    this.#core = core;
    this.#codec = codec;
    this.#options = options;
    this.#log = log;
    this.#sockets = sockets;
    this.#snapshot = snapshot;
    snapshot?.start(() => core.snapshot());
    this.#connections = new Connections(runtime.streams, {
      accepted: (peer) => this.#turn((machine, now) => machine.streamAccepted(now, peer)),
      opened: (id) => this.#turn((machine, now) => machine.streamOpened(now, id)),
      received: (id, bytes) => this.#turn((machine, now) => machine.streamReceived(now, id, bytes)),
      ended: (id) => this.#turn((machine, now) => machine.streamEnded(now, id)),
      failed: (id, text) => this.#turn((machine, now) => machine.streamFailed(now, id, text)),
    });
    let stop: (reason: string) => void = () => undefined;
    this.stopped = new Promise((resolve) => {
      stop = resolve;
    });
    this.#stop = stop;
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
    return { host: this.#boundHost, port: this.#sockets.port };
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
   * tried. Returns how many answered. ERR_JOIN when none did, with a line for each; ERR_STATE after leave or shutdown.
   */
  async join(seeds: readonly string[], options: JoinOptions = {}): Promise<number> {
    const refusal =
      this.#shutdown === undefined ? this.#core.joinRefusal : "Serf can't Join after Leave or Shutdown";
    if (refusal !== null) throw new SerfError("ERR_STATE", refusal);
    options.signal?.throwIfAborted();
    const replay = options.replay ?? false;
    this.#core.beginJoin(replay);
    let contacts = 0;
    try {
      const { targets, failures } = await resolveSeeds(this.#runtime, seeds, this.#sockets.port);
      for (const failure of failures) this.#line("WARN", "memberlist", failure);
      const results = await this.#contact(targets, options.signal);
      for (const failure of results) {
        if (failure === null) {
          contacts += 1;
          continue;
        }
        this.#line("DEBUG", "memberlist", failure);
        failures.push(failure);
      }
      if (contacts === 0 && failures.length > 0) throw new SerfError("ERR_JOIN", errorList(failures));
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

  /** Statistics under the original's names, all as text. */
  stats(): Record<string, string> {
    return this.#core.stats(this.encrypted);
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

  get #boundHost(): string {
    return this.#sockets.listener.local.host;
  }

  /** Feeds one input, then performs what the core asks for. */
  #turn<Result>(input: (core: SerfCore, now: number) => Result): Result | undefined {
    if (this.#shutdown !== undefined) return undefined;
    const result = input(this.#core, this.#runtime.clock.now());
    if (!this.#draining) this.#drain();
    return result;
  }

  #drain(): void {
    this.#draining = true;
    try {
      for (let effects = this.#core.drain(); effects.length > 0; effects = this.#core.drain()) {
        for (const effect of effects) this.#perform(effect);
      }
    } finally {
      this.#draining = false;
    }
    this.#arm();
  }

  #arm(): void {
    const deadline = this.#core.deadline();
    if (this.#shutdown !== undefined || deadline === this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const delay = Math.max(0, deadline - this.#runtime.clock.now());
    this.#cancelTimer = this.#runtime.clock.after(delay, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#turn((core, now) => core.tick(now));
    });
  }

  #perform(effect: Effect<SerfEvent>): void {
    switch (effect.kind) {
      case "send":
        this.#sockets.datagrams.send(effect.to, effect.bytes);
        return;
      case "dial":
        void this.#connections.dial(effect.id, effect.to, effect.timeoutMs);
        return;
      case "write":
        this.#connections.write(effect.id, effect.bytes);
        return;
      case "close":
        this.#connections.close(effect.id);
        return;
      case "record":
        this.#snapshot?.append(effect.text);
        return;
      case "compact":
        this.#snapshot?.compact();
        return;
      case "emit":
        this.#subscribers.push(effect.event);
        return;
      case "settle":
        this.#settle(effect.command, effect.error);
        return;
      case "log":
        this.#line(effect.level, effect.component, effect.text);
        return;
      case "halt":
        void this.#end(effect.reason);
        return;
      default:
        unreachable(effect);
    }
  }

  #line(level: LogLine["level"], component: string, text: string): void {
    this.#log({ time: this.#runtime.clock.wallTime(), level, component, text });
  }

  #command(
    code: SerfErrorCode,
    begin: (core: SerfCore, now: number, command: number) => void,
  ): Promise<void> {
    if (this.#shutdown !== undefined) {
      return Promise.reject(new SerfError("ERR_STATE", `Cannot use "${this.name}": it was shut down`));
    }
    const command = ++this.#commands;
    return new Promise((resolve, reject) => {
      this.#waiters.set(command, { code, resolve, reject });
      try {
        this.#turn((core, now) => begin(core, now, command));
      } catch (error) {
        this.#waiters.delete(command);
        reject(error);
      }
    });
  }

  #settle(command: number, error: string | null): void {
    const waiter = this.#waiters.get(command);
    this.#waiters.delete(command);
    if (error === null) waiter?.resolve();
    else waiter?.reject(new SerfError(waiter.code, error));
  }

  /** Contacts every target, a few at a time; results in the order of the targets, `null` for success. */
  async #contact(targets: readonly Target[], signal: AbortSignal | undefined): Promise<(string | null)[]> {
    const results: (string | null)[] = new Array(targets.length).fill(null);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let index = next++; index < targets.length; index = next++) {
        signal?.throwIfAborted();
        const { node, to } = targets[index]!;
        try {
          await this.#command("ERR_JOIN", (core, now, command) => core.join(now, command, to, node));
        } catch (error) {
          results[index] = `failed to join ${joinHostPort(to.host, to.port)}: ${(error as Error).message}`;
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(joinConcurrency, targets.length) }, work));
    return results;
  }

  #end(reason: string): Promise<void> {
    this.#shutdown ??= this.#close(reason);
    return this.#shutdown;
  }

  async #close(reason: string): Promise<void> {
    if (this.#core.state !== "left") this.#line("WARN", "serf", "Shutdown without a Leave");
    this.#cancelTimer?.();
    this.#connections.closeAll();
    for (const effect of this.#core.end()) this.#perform(effect);
    this.#subscribers.end();
    const stopped = new SerfError("ERR_STATE", `"${this.name}" was shut down`);
    for (const waiter of this.#waiters.values()) waiter.reject(stopped);
    this.#waiters.clear();
    const { datagrams, listener } = this.#sockets;
    await Promise.all([datagrams.close(), listener.close(), this.#snapshot?.close()]);
    this.#stop(reason);
  }
}
