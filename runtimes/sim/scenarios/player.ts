/**
 * Plays a scenario in a world of cores: does what the steps say, tells the truth about it, and counts
 * what really happened.
 */

import type { SerfOptions } from "../../../src/shell/options/options.ts";
import type { Checkers } from "../checkers/checkers.ts";
import type { Severity } from "../checkers/truth.ts";
import type { CoreDisk } from "../cores/disk.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import { answerTo } from "./answer.ts";
import { Joins, joinAgainMs } from "./joins.ts";
import { Liars } from "./liars.ts";
import { Lookups } from "./lookups.ts";
import { Machines } from "./machines.ts";
import type { Scenario, Step, StepKind } from "./scenario.ts";
import { severityOf } from "./severity.ts";
import { Weather } from "./weather.ts";

/** This long after a program has ended by itself it starts again. */
const superviseMs = 5_000;

/** How long queries run. */
const queryMs = 5_000;

/** Plays one scenario. */
export class Player {
  /** How often each kind of step really happened. */
  readonly happened: Map<StepKind, number> = new Map();
  readonly #world: CoreWorld;
  readonly #checkers: Checkers;
  readonly #scenario: Scenario;
  readonly #weather: Weather;
  readonly #machines: Machines;
  readonly #liars: Liars;
  readonly #lookups: Lookups;
  readonly #joins: Joins;
  /** When machines were suspended, and the programs on them. */
  readonly #suspended = new Map<
    Step,
    { readonly at: number; readonly node: CoreNode; readonly starts: number }
  >();
  /** Disks that are full, and how many writes had failed before. */
  readonly #full = new Map<Step, { readonly disk: CoreDisk; readonly failures: number }>();
  /** Faults that go on, of the network and of nodes, with their severity if they disturb anybody. */
  readonly #faults = new Map<Step, Severity | undefined>();
  /** Nodes that ended by themselves, until they are started again. */
  readonly #halted = new Set<CoreNode>();
  #sent = 0;
  #over = false;

  /** `options` are those of the nodes. */
  constructor(world: CoreWorld, checkers: Checkers, scenario: Scenario, options: SerfOptions) {
    this.#world = world;
    this.#checkers = checkers;
    this.#scenario = scenario;
    this.#weather = new Weather(world.links, scenario.size, scenario.network);
    this.#machines = new Machines(world, options, checkers);
    this.#liars = new Liars(world, options);
    this.#lookups = new Lookups(this.#machines);
    const { truth } = checkers;
    this.#joins = new Joins({ world, truth, machines: this.#machines, lookups: this.#lookups });
  }

  /** Lets the cluster form, and schedules all steps. */
  begin(): void {
    const world = this.#world;
    if ((this.#scenario.network.loss ?? 0) > 0) this.#checkers.truth.disturb("disorder");
    for (const node of world.nodes) {
      world.at(node.index * 20, () => {
        world.start(node);
        this.#joins.join(node);
      });
    }
    for (const step of this.#scenario.steps) {
      world.at(step.at, () => {
        if (!this.#over) this.#perform(step);
      });
    }
  }

  /** Ends all faults: the network is perfect, all that are paused go on, and two nodes run at least. */
  finish(): void {
    const world = this.#world;
    this.#over = true;
    for (const step of [...this.#faults.keys()]) this.#endFault(step);
    this.#weather.clear();
    if ((this.#scenario.network.loss ?? 0) > 0) this.#checkers.truth.calm(world.now, "disorder");
    for (const node of this.#recalled) this.#recall(node);
    this.#joins.reunite(this.happened.has("move"));
  }

  /** Sends an event from a node. */
  event(node: CoreNode): string {
    const name = `e${this.#sent++}`;
    this.#world.command(node, (core, now) => core.userEvent(now, name, new Uint8Array(0), false));
    return name;
  }

  /**
   * Asks all members from a node; they acknowledge, also through others, and answer if there are
   * `answers`. A query with relays runs until its deadline.
   */
  query(
    node: CoreNode,
    { relayFactor, answers = false }: { readonly relayFactor: number; readonly answers?: boolean },
  ): void {
    const query = this.#sent++;
    const name = answers ? `q${query}` : "_serf_ping";
    const answer = answers ? (from: string): Uint8Array => answerTo(name, from) : undefined;
    this.#world.command(node, (core, now) => {
      this.#checkers.asked(this.#world.now, node, { query, timeoutMs: queryMs, answer });
      core.queries.ask(now, query, {
        name,
        payload: new Uint8Array(0),
        nodes: [],
        tags: new Map(),
        ack: true,
        relayFactor,
        timeoutMs: queryMs,
        waitForDeadline: relayFactor > 0,
      });
    });
  }

  /** The nodes that are members in the end, whatever became of them before. */
  get #recalled(): readonly CoreNode[] {
    return this.#machines.members.slice(0, 2);
  }

  /** Whether no node that ended by itself is about to start again, and none that left about to join. */
  get isAtRest(): boolean {
    return this.#halted.size === 0 && this.#recalled.every(({ isMember }) => isMember);
  }

  /** Starts a node again a while after it ended by itself, as what runs services does. */
  halted(node: CoreNode): void {
    const { starts } = node;
    this.#halted.add(node);
    this.#world.at(superviseMs, () => {
      this.#halted.delete(node);
      if (node.starts === starts && this.#machines.member(node.machine) === node) this.#restart(node);
    });
  }

  #perform(step: Step): void {
    if (this.#act(step)) this.#count(step.do);
  }

  #count(kind: StepKind): void {
    this.happened.set(kind, (this.happened.get(kind) ?? 0) + 1);
  }

  /** Returns whether it happened at once; faults that last are counted at their end. */
  #act(step: Step): boolean {
    const world = this.#world;
    const node = this.#machines.member(step.node ?? 0);
    const isMember = node.running && node.core.state === "alive" && !node.paused;
    switch (step.do) {
      case "crash":
      case "powerOff":
        if (!node.running) return false;
        world.crash(node, step.do === "powerOff");
        return true;
      case "torn":
        if (!node.running || !node.writesSnapshots) return false;
        world.crash(node, true);
        return node.disk.tear(step.value!) > 0;
      case "restart":
        return this.#restart(node);
      case "massRestart":
        for (const each of this.#machines.members) if (each.running) world.crash(each);
        for (const each of this.#machines.members) this.#restart(each);
        return true;
      case "replace":
        return this.#replace(step.node!);
      case "move":
        return this.#move(step);
      case "leave":
        if (isMember) world.leave(node);
        return isMember;
      case "join":
        if (!node.running || node.core.state !== "left" || node.paused) return false;
        this.#joins.join(node);
        return true;
      case "remove":
        return isMember && this.#remove(node, this.#machines.member(step.other!));
      case "clockForward":
      case "clockBack":
        return this.#jump(node, step.do === "clockBack" ? -step.value! : step.value!);
      case "tags":
        if (isMember) {
          const tags = { at: String(step.at) };
          world.command(node, (core, now) => core.setTags(now, this.#sent++ - 1e9, tags));
        }
        return isMember;
      case "event":
      case "burst":
        for (let count = isMember ? (step.value ?? 1) : 0; count > 0; count -= 1) this.event(node);
        return isMember;
      case "query":
      case "ask":
        if (isMember) this.query(node, { relayFactor: step.value ?? 0, answers: step.do === "ask" });
        return isMember;
      case "heal":
        return this.#heal();
      default:
        this.#beginFault(step);
        return false;
    }
  }

  /** Begins a fault that lasts. */
  #beginFault(step: Step): void {
    const world = this.#world;
    const node = this.#machines.member(step.node ?? 0);
    const own = severityOf(step, this.#scenario);
    // What a cluster has to survive alone may be too much together.
    const severity = this.#faults.size > 0 && own !== "lies" ? "failure" : own;
    if (step.do === "pause") {
      if (!node.running || node.paused) return;
      world.pause(node);
    } else if (step.do === "slow") {
      if (node.lateMs > 0) return;
      node.lateMs = step.value!;
    } else if (step.do === "churn") {
      if (!this.#replace(step.node!)) return;
      for (let life = 1; life < step.value!; life += 1)
        world.at((life * step.forMs!) / step.value!, () => {
          if (this.#faults.has(step)) this.#replace(step.node!);
        });
    } else if (step.do === "stranger") {
      if (this.#machines.isTaken(step.node!)) return;
      this.#machines.intrude(step);
    } else if (step.do === "hostile") {
      if (!node.running || node.paused) return;
      this.#liars.begin(node, step, () => this.#faults.has(step));
    } else if (step.do === "diskFull") {
      if (!node.writesSnapshots) return;
      this.#full.set(step, { disk: node.disk, failures: node.disk.failures });
      node.disk.fill(step.value!);
    } else if (step.do === "lyingDns") {
      this.#lookups.begin(step);
      if (node.isMember) this.#joins.join(node);
    } else {
      if (step.do === "suspend") {
        if (!node.running || node.paused) return;
        world.pause(node);
        this.#suspended.set(step, { at: world.now, node, starts: node.starts });
      }
      this.#weather.begin(step);
    }
    this.#faults.set(step, severity);
    if (severity !== undefined) this.#checkers.truth.disturb(severity);
    if (step.do === "corruption") this.#checkers.truth.disturb("damage");
    world.at(step.forMs!, () => this.#endFault(step));
  }

  #endFault(step: Step): void {
    if (!this.#faults.has(step)) return;
    const world = this.#world;
    const node = this.#machines.member(step.node ?? 0);
    const severity = this.#faults.get(step);
    this.#faults.delete(step);
    if (step.do === "pause") world.resume(node);
    else if (step.do === "slow") node.lateMs = 0;
    else if (step.do === "stranger") this.#machines.retreat(step);
    else if (step.do === "hostile" && node.running) world.crash(node);
    if (this.#ended(step)) this.#count(step.do);
    if (step.do === "corruption") this.#checkers.truth.calm(world.now, "damage");
    if (severity === undefined) return;
    // What a slow machine has put off still comes late.
    if (step.do === "slow") world.at(step.value!, () => this.#checkers.truth.calm(world.now, severity));
    else this.#checkers.truth.calm(world.now, severity);
  }

  /** Ends what a fault did to a disk, to lookups, or to the network. Returns whether anybody noticed it. */
  #ended(step: Step): boolean {
    const full = this.#full.get(step);
    if (full !== undefined) {
      this.#full.delete(step);
      full.disk.empty();
      return full.disk.failures > full.failures;
    }
    if (step.do === "lyingDns") {
      const happened = this.#lookups.end(step);
      this.#joins.unite(this.#machines.member(step.node!));
      return happened;
    }
    const happened = !this.#weather.has(step) || this.#weather.end(step) === true;
    if (step.do === "suspend") this.#wake(step);
    return happened;
  }

  /** Lets a suspended machine go on: for its clock no time has passed. */
  #wake(step: Step): void {
    const world = this.#world;
    const { at, node, starts } = this.#suspended.get(step)!;
    this.#suspended.delete(step);
    // Somebody else may have ended the program, and started another one.
    if (!node.running || node.starts !== starts) return;
    node.aheadMs = Math.max(node.aheadMs - (world.now - at), -world.now);
    world.resume(node);
  }

  #heal(): boolean {
    const active = this.#weather.active;
    for (const step of active) this.#endFault(step);
    return active.length > 0;
  }

  #restart(node: CoreNode): boolean {
    if (node.running || this.#machines.isTaken(node.machine)) return false;
    node.paused = false;
    this.#world.start(node);
    this.#joins.join(node);
    return true;
  }

  #replace(machine: number): boolean {
    return !this.#machines.isTaken(machine) && this.#restart(this.#machines.succeed(machine));
  }

  #move({ node: machine, value }: Step): boolean {
    return !this.#machines.isTaken(machine!) && this.#restart(this.#machines.move(machine!, value === 1));
  }

  /** Makes a node a member, when it has left if it is about to. */
  #recall(node: CoreNode): void {
    if (!node.running) this.#restart(node);
    else if (node.core.state === "left") this.#joins.join(node);
    else if (node.core.state === "leaving") this.#world.at(joinAgainMs, () => this.#recall(node));
  }

  #remove(node: CoreNode, other: CoreNode): boolean {
    if (node.core.member(other.name)?.status !== "failed" || other.running) return false;
    this.#checkers.truth.removed(this.#world.now, other.index);
    this.#world.command(node, (core, now) =>
      core.removeFailedNode(now, this.#sent++ - 2e9, other.name, false),
    );
    return true;
  }

  #jump(node: CoreNode, ms: number): boolean {
    if (!node.running) return false;
    // Without our rule about stalls a node takes a jump for time that passed, and says that others died.
    if (this.#scenario.memberlist?.includes(node.machine)) {
      this.#checkers.truth.disturb("lies");
      this.#checkers.truth.calm(this.#world.now, "lies");
    }
    // A monotonic clock does not fall below 0.
    node.aheadMs = Math.max(node.aheadMs + ms, -this.#world.now);
    // The next alarm moves as well.
    this.#world.command(node, () => undefined);
    return true;
  }
}
