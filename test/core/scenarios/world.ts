/**
 * Some nodes and the links between them, controlled by a scenario. Each effect of a node is
 * printed, then carried out. What it sends arrives at once unless a rule, a cut or a pause prevents
 * it.
 */

import type { StreamInput } from "../../../src/core/effects.ts";
import type { Address } from "../../../src/runtime.ts";
import { type Described, Describer, describeEffect } from "./describe.ts";
import { type NodeEffect, type NodeOptions, port, ScenarioNode } from "./node.ts";

/** What happens to packets that match. `*` matches every node or kind. */
export interface Rule {
  readonly action: "drop" | "hold" | "twice";
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  /** How many packets it still applies to. */
  left: number;
}

/** An input on its way to a node. */
interface Delivery {
  readonly to: ScenarioNode;
  readonly run: () => void;
}

/** The other end of a stream. */
interface End {
  readonly node: ScenarioNode;
  readonly id: number;
  /** Whether the other end of this stream accepted it. */
  readonly accepted: boolean;
}

const stepsMax = 10_000;

/** Nodes, links, the clock, and the output. */
export class World {
  now = 0;
  readonly nodes: Map<string, ScenarioNode> = new Map();
  /** What is not printed: packets that have only such kinds of messages, and log lines of such levels. */
  readonly hidden: Set<string> = new Set();
  quiet = false;
  rules: Rule[] = [];
  readonly #describer = new Describer();
  readonly #cuts = new Set<string>();
  readonly #paused = new Map<ScenarioNode, Delivery[]>();
  readonly #streams = new Map<string, End>();
  readonly #watched = new Map<string, (error: string | undefined) => void>();
  #queue: Delivery[] = [];
  #held: Delivery[] = [];
  #printed: string[] = [];
  #printedAt: number | undefined;

  /** Adds and starts a node. */
  add(handle: string, options: NodeOptions): void {
    const node = new ScenarioNode(handle, options, () => this.now);
    this.nodes.set(handle, node);
    node.start(this.now);
    this.settle();
  }

  /** The node of a handle. Throws if there is none. */
  node(handle: string): ScenarioNode {
    const node = this.nodes.get(handle);
    if (node === undefined) throw new Error(`there is no node "${handle}"`);
    return node;
  }

  /** Calls `done` when the node settles the command. */
  watch(node: ScenarioNode, command: number, done: (error: string | undefined) => void): void {
    this.#watched.set(`${node.handle} ${command}`, done);
  }

  /** Advances time from deadline to deadline. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; this.#next() <= end; steps++) {
      if (steps === stepsMax) throw new Error(`more than ${stepsMax} deadlines in ${ms} ms`);
      this.step();
    }
    this.now = end;
  }

  /** Advances to the next deadline. */
  step(): void {
    this.now = Math.max(this.now, this.#next());
    for (const node of this.#running()) {
      if (node.deadline > this.now) continue;
      node.tick(this.now);
      this.settle();
    }
  }

  /** Cuts the link in one direction, for packets and streams. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} ${to}`);
  }

  /** Undoes {@link cut}. */
  mend(from: string, to: string): void {
    this.#cuts.delete(`${from} ${to}`);
  }

  /** Stops a node; what is sent to it waits in its sockets. */
  pause(handle: string): void {
    this.#paused.set(this.node(handle), []);
  }

  /** Lets a paused node run on. */
  resume(handle: string): void {
    const node = this.node(handle);
    this.#queue.push(...(this.#paused.get(node) ?? []));
    this.#paused.delete(node);
    if (node.deadline <= this.now) node.tick(this.now);
    this.settle();
  }

  /** Removes a node without a leave. */
  kill(handle: string): void {
    this.node(handle);
    this.nodes.delete(handle);
  }

  /** Delivers held packets. */
  deliver(reversed: boolean): void {
    this.#queue.push(...(reversed ? this.#held.reverse() : this.#held));
    this.#held = [];
    this.settle();
  }

  /** Carries out effects until there are none. */
  settle(): void {
    for (const node of this.#running()) this.#perform(node);
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const waiting = this.#paused.get(next.to);
      if (waiting !== undefined) {
        waiting.push(next);
        continue;
      }
      next.run();
      for (const node of this.#running()) this.#perform(node);
    }
  }

  /** Adds a line to what is printed. */
  print(line: string): void {
    if (this.quiet) return;
    if (this.#printedAt !== this.now) this.#printed.push(`${(this.now / 1000).toFixed(3)} s`);
    this.#printedAt = this.now;
    this.#printed.push(`  ${line}`);
  }

  /** Takes what was printed. */
  take(): string[] {
    const printed = this.#printed;
    this.#printed = [];
    this.#printedAt = undefined;
    return printed;
  }

  #running(): ScenarioNode[] {
    return [...this.nodes.values()].filter((node) => !this.#paused.has(node));
  }

  #next(): number {
    return Math.min(...this.#running().map((node) => node.deadline));
  }

  #perform(node: ScenarioNode): void {
    for (const effect of node.drain()) this.#carryOut(node, effect);
  }

  #carryOut(node: ScenarioNode, effect: NodeEffect): void {
    switch (effect.kind) {
      case "send":
        this.#send(node, effect.to, effect.bytes);
        return;
      case "dial":
        this.#dial(node, effect.id, effect.to);
        return;
      case "write":
        this.#write(node, effect.id, effect.bytes);
        return;
      case "close":
        this.#close(node, effect.id);
        return;
      case "settle": {
        this.print(`${node.handle} ${describeEffect(effect)}`);
        const key = `${node.handle} ${effect.command}`;
        this.#watched.get(key)?.(effect.error);
        this.#watched.delete(key);
        return;
      }
      case "log":
        if (!this.hidden.has(effect.level)) this.print(`${node.handle} ${describeEffect(effect)}`);
        return;
      default:
        this.print(`${node.handle} ${describeEffect(effect)}`);
    }
  }

  #send(node: ScenarioNode, to: Address, bytes: Uint8Array): void {
    const peer = this.#at(to);
    const name = peer?.handle ?? to.host;
    const described = this.#describer.packet(bytes, node.codec.keys);
    const action = this.#actionFor(node.handle, name, described);
    const isShown = action !== "deliver" || !described.kinds.every((kind) => this.hidden.has(kind));
    if (isShown) this.print(`${node.handle} -> ${name}  ${described.text}${notes[action]}`);
    if (peer === undefined || action === "drop" || action === "cut") return;
    const from = { host: node.host, port };
    const delivery = { to: peer, run: () => peer.packet(this.now, from, bytes.slice()) };
    if (action === "hold") this.#held.push(delivery);
    else this.#queue.push(delivery);
    if (action === "twice") this.#queue.push(delivery);
  }

  #actionFor(from: string, to: string, { kinds }: Described): keyof typeof notes {
    if (!this.nodes.has(to)) return "nobody";
    if (this.#cuts.has(`${from} ${to}`)) return "cut";
    const fits = (wanted: string, ...values: readonly string[]) => wanted === "*" || values.includes(wanted);
    const rule = this.rules.find(
      (one) => one.left > 0 && fits(one.from, from) && fits(one.to, to) && fits(one.kind, ...kinds),
    );
    if (rule === undefined) return "deliver";
    rule.left -= 1;
    return rule.action;
  }

  #dial(node: ScenarioNode, id: number, to: Address): void {
    const peer = this.#at(to);
    const name = peer?.handle ?? to.host;
    const isCut = this.#cuts.has(`${node.handle} ${name}`) || this.#cuts.has(`${name} ${node.handle}`);
    this.print(`${node.handle} dials ${name}${peer === undefined ? notes.nobody : isCut ? notes.cut : ""}`);
    if (isCut) return;
    const tell = (input: StreamInput) =>
      this.#queue.push({ to: node, run: () => node.stream(this.now, id, input) });
    if (peer === undefined) {
      tell({ kind: "failed", code: "ECONNREFUSED", reason: "connection refused" });
      return;
    }
    const accept = () => {
      const accepted = peer.accept(this.now, { host: node.host, port: 40_000 + id });
      if (accepted === undefined) {
        tell({ kind: "failed", code: "ECONNRESET", reason: "connection reset" });
        return;
      }
      this.#streams.set(`${node.handle} ${id}`, { node: peer, id: accepted, accepted: false });
      this.#streams.set(`${peer.handle} ${accepted}`, { node, id, accepted: true });
      tell({ kind: "opened" });
    };
    this.#queue.push({ to: peer, run: accept });
  }

  #write(node: ScenarioNode, id: number, bytes: Uint8Array): void {
    const end = this.#streams.get(`${node.handle} ${id}`);
    if (end === undefined) return;
    const { text } = this.#describer.frame(bytes, node.codec.keys, end.accepted);
    const isCut = this.#cuts.has(`${node.handle} ${end.node.handle}`);
    this.print(`${node.handle} => ${end.node.handle}  ${text}${isCut ? notes.cut : ""}`);
    if (!isCut) this.#feed(end, { kind: "received", bytes: bytes.slice() });
  }

  #close(node: ScenarioNode, id: number): void {
    const end = this.#streams.get(`${node.handle} ${id}`);
    this.#streams.delete(`${node.handle} ${id}`);
    if (end === undefined) return;
    this.print(`${node.handle} closes the stream with ${end.node.handle}`);
    this.#feed(end, { kind: "ended" });
  }

  #feed({ node, id }: End, input: StreamInput): void {
    this.#queue.push({ to: node, run: () => node.stream(this.now, id, input) });
  }

  #at(to: Address): ScenarioNode | undefined {
    return [...this.nodes.values()].find((node) => node.host === to.host);
  }
}

const notes = {
  deliver: "",
  drop: "  (dropped)",
  hold: "  (held)",
  twice: "  (twice)",
  cut: "  (cut)",
  nobody: "  (nobody is there)",
} as const;
