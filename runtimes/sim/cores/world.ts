/**
 * A world of bare cores: no programs, no promises, no sockets. One agenda of events; datagrams and
 * streams are calls that come later, or not at all. The same seed gives the same history on every
 * engine. `World` beside it runs whole programs; this one runs large clusters.
 */

import type { QueryEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { SerfCore } from "../../../src/core/serf/serf_core.ts";
import type { Address } from "../../../src/runtime.ts";
import type { SerfOptions } from "../../../src/shell/options/options.ts";
import { SeededRandom } from "../random.ts";
import { Agenda } from "./agenda.ts";
import { Connections } from "./connections.ts";
import { Scribe } from "./disk.ts";
import { History } from "./history.ts";
import { Inputs } from "./inputs.ts";
import { Links } from "./links.ts";
import { type CoreNode, heldMax, type Located } from "./node.ts";
import type { CoreWorldOptions } from "./options.ts";
import { type Codecs, createCodecs } from "./path.ts";
import { bytesFor, type Injection, Roster } from "./roster.ts";
import type { Watcher } from "./watcher.ts";

/** What may happen. Kinds that are frequent have a shape of their own; the rest are functions. */
type Happening =
  | { readonly kind: "packet"; readonly from: CoreNode; readonly to: CoreNode; readonly bytes: Uint8Array }
  | { readonly kind: "alarm"; readonly node: CoreNode; readonly alarm: number }
  | { readonly kind: "run"; readonly run: () => void };

/** A world of cores. */
export class CoreWorld {
  /** All members, by their number. They run from their {@link start} on. */
  readonly nodes: readonly CoreNode[];
  /** The network between the nodes, and its faults. */
  readonly links: Links;
  /**
   * What happened so far, as numbers and as a hash.
   *
   * @internal
   */
  readonly history: History = new History();
  /** The seed of all chance in it. */
  readonly seed: number;
  readonly #agenda = new Agenda<Happening>();
  readonly #connections: Connections;
  readonly #watchers: readonly Watcher[];
  readonly #codecs: Codecs;
  readonly #answerOf: CoreWorldOptions["answer"];
  readonly #roster: Roster;
  readonly #scribe = new Scribe((delayMs, run) => this.at(delayMs, run));
  readonly #inputs = new Inputs({
    later: (delayMs, run) => this.at(delayMs, run),
    perform: (node) => this.#perform(node),
  });
  #command = 0;

  /** Makes a world without nodes, at the time 0. */
  constructor(settings: CoreWorldOptions) {
    const { seed, size, network, options = {}, swim, answer, watchers = [] } = settings;
    this.seed = seed;
    this.#answerOf = answer;
    this.links = new Links(new SeededRandom(seed, "network"), network);
    this.#watchers = watchers;
    this.#codecs = createCodecs(seed, options, settings.path, settings.structural);
    this.#roster = new Roster(size, {
      seed,
      options,
      swim,
      snapshot: settings.snapshots ?? false,
      logs: settings.logs ?? false,
      codecs: this.#codecs,
      clock: (node) => this.clock(node),
    });
    this.nodes = this.#roster.members;
    const world = this;
    this.#connections = new Connections({
      links: this.links,
      get now() {
        return world.now;
      },
      find: (address) => this.#roster.find(address),
      later: (time, run) => this.#agenda.at(time, { kind: "run", run }),
      feed: (node, input) => this.#inputs.feed(node, () => input(node)),
      streamed: (from, to, bytes) => this.history.stream(this.now, from.index, to.index, bytes),
    });
  }

  /** Virtual milliseconds since the world was created. */
  get now(): number {
    return this.#agenda.now;
  }

  /** The number of datagrams and frames of a structural path that went through the real codec too. */
  get compared(): number {
    return this.#codecs.compared;
  }

  /** The time of a node's own clock. */
  clock(node: CoreNode): number {
    return this.now + node.aheadMs;
  }

  /**
   * Adds a node with a name of its own at the address of another, which has to have ended before the
   * new one starts.
   */
  succeed({ machine }: CoreNode): CoreNode {
    return this.#roster.succeed(machine);
  }

  /**
   * Creates a node of another cluster on the machine of a member, which has to have ended before, or on
   * another one. The options must have another key or label than those of the members. No watcher sees it.
   */
  stranger({ machine }: Pick<CoreNode, "machine">, options: SerfOptions, name?: string): CoreNode {
    return this.#roster.stranger(machine, options, name);
  }

  /**
   * Gives a member that has ended another address, as a new lease does, and returns it: its name, disk and
   * clock stay. What was sent to the old address is lost, unless somebody `reuses` that address.
   */
  move(node: CoreNode, reuses = false): CoreNode {
    return this.#roster.move(node, reuses);
  }

  /** Starts a node's program, for the first time or again. */
  start(node: CoreNode): void {
    this.#roster.hold(node);
    node.boot();
    this.#scribe.open(node);
    for (const watcher of this.#watching(node)) watcher.started?.(this.now, node);
    this.#inputs.feed(node, () => node.core.start(this.clock(node)));
  }

  /**
   * Starts nodes as members of one cluster: each has all others in its tables from the beginning, and
   * reports that they joined. Nothing of that is sent. What is about joining needs {@link join}.
   */
  startJoined(nodes: readonly CoreNode[] = this.nodes): void {
    for (const node of nodes) this.start(node);
    const members = nodes.map(({ core }) => core.standing);
    for (const node of nodes) this.#inputs.feed(node, () => node.core.adopt(this.clock(node), members));
  }

  /**
   * Ends a node's program without a word. Its system resets connections and refuses new ones, unless
   * the machine went `silently`, as without power.
   */
  crash(node: CoreNode, silently = false): void {
    Object.assign(node, { running: false, powered: !silently });
    node.alarm = Number.POSITIVE_INFINITY;
    node.waiting.length = 0;
    node.settled.clear();
    this.#connections.drop(node, silently);
    for (const watcher of this.#watching(node)) watcher.crashed?.(this.now, node);
  }

  /** Returns who sees what a node does. */
  #watching(node: CoreNode): readonly Watcher[] {
    return this.#roster.isMember(node) ? this.#watchers : [];
  }

  /** Stops a node's program in the middle, like SIGSTOP; what arrives for it waits. */
  pause(node: CoreNode): void {
    node.paused = true;
  }

  /** Lets a paused program go on. */
  resume(node: CoreNode): void {
    node.paused = false;
    // An alarm that was due meanwhile did not ring and has to be set again.
    node.alarm = Number.POSITIVE_INFINITY;
    this.#inputs.catchUp(node);
    this.#arm(node);
  }

  /** Blocks a node's messages: its timers run, but what arrives and what it sends waits. */
  block(node: CoreNode): void {
    node.blocked = true;
  }

  /** Ends {@link block}. The node takes what has arrived at once, or `inputsPerMs` of it in a millisecond. */
  unblock(node: CoreNode, inputsPerMs?: number): void {
    node.blocked = false;
    for (const { to, bytes } of node.held.splice(0)) this.#send(node, to, bytes);
    this.#inputs.catchUp(node, inputsPerMs);
  }

  /**
   * Joins through another node or address; `done` receives the message if it failed.
   *
   * @internal
   */
  join(node: CoreNode, through: Located, done: (error: string | undefined) => void = () => undefined): void {
    this.#inputs.feed(node, () => {
      const command = this.#nextCommand(node, (error) => {
        node.core.endJoin(this.clock(node), false, error === undefined ? 1 : 0);
        done(error);
      });
      node.core.beginJoin(this.clock(node), false);
      node.core.join(this.clock(node), command, through.address, "");
    });
  }

  /** Leaves the cluster; `done` is called when that is over. */
  leave(node: CoreNode, done: () => void = () => undefined): void {
    this.#inputs.feed(node, () => {
      // A slow node may carry this out when it leaves already, or has left.
      if (node.core.state !== "alive") return done();
      node.core.leave(this.clock(node), this.#nextCommand(node, done));
    });
  }

  /**
   * Gives a node's core a command.
   *
   * @internal
   */
  command(node: CoreNode, act: (core: SerfCore, now: number) => void): void {
    this.#inputs.feed(node, () => act(node.core, this.clock(node)));
  }

  /**
   * Sends what the core of a node did not make: datagrams, and a connection.
   *
   * @internal
   */
  inject(from: CoreNode, to: CoreNode, { packets = [], stream }: Injection): void {
    for (const bytes of packets) {
      const packet = { from: from.machine, to: to.machine, size: bytes.length, now: this.now };
      // What still waits at a node that ended is lost.
      const arrive = (): void => (from.running ? this.#deliver(from, to, bytes) : undefined);
      this.links.datagram(packet, (delayMs) => this.at(delayMs, arrive));
    }
    if (stream !== undefined) this.#connections.pour(from, to, stream, 500);
  }

  /** Returns the number for a command of a core, which calls back when it settles. */
  #nextCommand(node: CoreNode, settled: (error: string | undefined) => void): number {
    this.#command += 1;
    node.settled.set(this.#command, settled);
    return this.#command;
  }

  /** Calls `run` after a delay. */
  at(delayMs: number, run: () => void): void {
    this.#agenda.at(this.now + delayMs, { kind: "run", run });
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    this.#agenda.run(this.now + ms, (happening) => this.#happen(happening));
  }

  /**
   * Lets virtual time pass until `done` holds, which is looked at every `stepMs`. Returns whether it
   * held within `limitMs`.
   */
  runUntil(done: () => boolean, limitMs: number, stepMs = 100): boolean {
    const end = this.now + limitMs;
    while (!done()) {
      if (this.now >= end) return false;
      this.run(Math.min(stepMs, end - this.now));
    }
    return true;
  }

  #happen(happening: Happening): void {
    if (happening.kind === "packet") this.#deliver(happening.from, happening.to, happening.bytes);
    else if (happening.kind === "alarm") this.#ring(happening.node, happening.alarm);
    else happening.run();
  }

  /** Rings an alarm that is due; on a slow machine it rings later. */
  #ring(node: CoreNode, alarm: number, lateMs = node.lateMs): void {
    if (!node.running || node.alarm !== alarm || node.paused) return;
    if (lateMs > 0) {
      this.at(lateMs, () => this.#ring(node, alarm, 0));
      return;
    }
    node.alarm = Number.POSITIVE_INFINITY;
    node.core.tick(this.clock(node));
    this.#perform(node);
  }

  #deliver(from: CoreNode, sentTo: CoreNode, bytes: Uint8Array): void {
    // Whoever has the address now gets what was sent to the node that had it before.
    const to = sentTo.running ? sentTo : this.#roster.find(sentTo.address);
    if (to?.running !== true || !this.links.reaches(from.machine, to.machine)) return;
    this.history.datagram(this.now, from.index, to.index, bytes.length);
    this.#inputs.feed(to, () => {
      to.core.packet(this.clock(to), from.address, bytesFor(to, from, bytes));
      for (const watcher of this.#watching(to)) watcher.packet?.(this.now, to, from, bytes);
    });
  }

  /** Carries out what a core asks for, until it asks for nothing more, and sets its alarm. */
  #perform(node: CoreNode): void {
    this.history.turns += 1;
    for (let effects = node.core.drain(); effects.length > 0; effects = node.core.drain()) {
      for (const effect of effects) this.#effect(node, effect);
    }
    for (const watcher of this.#watching(node)) watcher.turned?.(this.now, node);
    this.#arm(node);
  }

  #arm(node: CoreNode): void {
    if (!node.running) return;
    const alarm = node.core.deadline() - node.aheadMs;
    if (alarm === node.alarm || alarm === Number.POSITIVE_INFINITY) return;
    node.alarm = alarm;
    this.#agenda.at(Math.max(alarm, this.now), { kind: "alarm", node, alarm });
  }

  #effect(node: CoreNode, effect: SerfEffect): void {
    switch (effect.kind) {
      case "send":
        this.#send(node, effect.to, effect.bytes);
        break;
      case "dial":
        this.#connections.dial(node, effect.id, effect.to, effect.timeoutMs);
        break;
      case "write":
        this.#connections.write(node, effect.id, effect.bytes);
        break;
      case "close":
        this.#connections.close(node, effect.id);
        break;
      case "settle": {
        const settled = node.settled.get(effect.command);
        node.settled.delete(effect.command);
        settled?.(effect.error);
        break;
      }
      case "record":
      case "compact":
        this.#scribe.write(node, effect);
        break;
      case "emit":
        if (effect.event.type === "query") this.#answer(node, effect.event);
    }
    for (const watcher of this.#watching(node)) watcher.effect?.(this.now, node, effect);
    if (effect.kind === "halt") this.crash(node);
  }

  /** Lets the user of a node answer a query, a moment later. */
  #answer(node: CoreNode, query: QueryEvent): void {
    const payload = this.#answerOf?.(node, query);
    if (payload === undefined) return;
    const { starts } = node;
    this.at(1, () => {
      if (node.starts === starts) this.#inputs.feed(node, () => query.respond(payload));
    });
  }

  #send(from: CoreNode, address: Address, bytes: Uint8Array): void {
    if (from.blocked) {
      if (from.held.length < heldMax) from.held.push({ to: address, bytes });
      return;
    }
    const { now } = this;
    const to = this.#roster.find(address);
    if (to === undefined) return;
    const size = bytes.length;
    this.links.datagram({ from: from.machine, to: to.machine, size, now }, (delayMs, corrupted) => {
      this.#agenda.at(now + delayMs, {
        kind: "packet",
        from,
        to,
        bytes: corrupted ? this.links.damaged(from.codecs.bytesOf(bytes)) : bytes,
      });
    });
  }
}
