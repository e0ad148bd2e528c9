/**
 * Turns what a world of cores does into happenings. It decodes packets with a codec of its own and
 * changes nothing, so the history is the same whether somebody looks or not.
 */

import { Random } from "../../../src/core/random.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import { decodeMessage } from "../../../src/core/serf/wire/messages.ts";
import { Codec } from "../../../src/core/wire/codec.ts";
import type { PacketMessage } from "../../../src/core/wire/messages.ts";
import type { Address } from "../../../src/runtime.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import type { DeedWatcher } from "./driver.ts";
import type { Listener, PacketKind, SentPacket } from "./happenings.ts";
import type { Action } from "./setting.ts";
import { belief, Views } from "./views.ts";

/** An event on its way. */
interface Spread {
  readonly sentAt: number;
  /** Which of the running nodes have it, and how many. */
  readonly has: Uint8Array;
  /** Which nodes got a packet with it. */
  readonly reached: Uint8Array;
  count: number;
}

/** Help that a node asked for within one turn. */
interface Help {
  readonly node: number;
  readonly other: number;
  readonly helpers: number[];
}

/** Watches a world. */
export class Observer implements DeedWatcher {
  /** What the nodes believe. */
  readonly views: Views;
  /** Whether packets are decoded, which takes time. */
  closely = true;
  readonly #size: number;
  readonly #listener: Listener;
  readonly #packet: (packet: SentPacket) => void;
  readonly #codec = new Codec({
    label: "",
    compression: false,
    encryptionVersion: 1,
    random: new Random((bytes) => bytes.fill(0)),
  });
  readonly #scores: Int8Array;
  readonly #inspections: (ReturnType<CoreNode["core"]["inspect"]> | undefined)[] = [];
  readonly #events = new Map<string, Spread>();
  #world: CoreWorld | undefined;
  #lostCount = 0;
  #help: Help | undefined;
  #wasUnited = true;
  /** How many nodes have started at least once. */
  #started = 0;

  /** `packet` is called with each packet while the observer looks closely, `listener` with everything else. */
  constructor(size: number, listener: Listener, packet: (packet: SentPacket) => void) {
    this.#size = size;
    this.#listener = listener;
    this.#packet = packet;
    this.#scores = new Int8Array(size);
    this.views = new Views(size, (observer, subject, now, before) =>
      this.#viewChanged(observer, subject, now, before),
    );
  }

  /** Says which world is watched. */
  attach(world: CoreWorld): void {
    this.#world = world;
  }

  /** Returns the health score of a node. */
  score(node: number): number {
    return this.#scores[node]!;
  }

  /** The last event that was sent, and who has it. */
  get lastEvent(): { readonly name: string; readonly has: Uint8Array; readonly count: number } | undefined {
    const last = [...this.#events].at(-1);
    return last && { name: last[0], has: last[1].has, count: last[1].count };
  }

  done(action: Action): void {
    this.#listener({ kind: "done", action }, action.at);
  }

  started(now: number, node: CoreNode): void {
    this.views.started(now, node);
    this.#inspections[node.index] = node.core.inspect();
    this.#scores[node.index] = 0;
    this.#wasUnited = false;
    if (node.starts === 1) this.#started += 1;
    this.#listener({ kind: "started", node: node.index }, now);
  }

  crashed(now: number, node: CoreNode): void {
    this.views.crashed(now, node);
    this.#scores[node.index] = 0;
    for (const spread of this.#events.values()) {
      if (spread.has[node.index] === 1) spread.count -= 1;
      spread.has[node.index] = 0;
    }
    this.#listener({ kind: "crashed", node: node.index }, now);
  }

  packet(now: number, node: CoreNode, from: CoreNode, bytes: Uint8Array): void {
    this.views.now = now;
    if (!this.closely || this.#events.size === 0) return;
    for (const message of this.#open(bytes)) {
      const event = eventName(message);
      const spread = event === undefined ? undefined : this.#events.get(event);
      if (event === undefined || spread === undefined || spread.reached[node.index] === 1) continue;
      spread.reached[node.index] = 1;
      this.#listener({ kind: "passed", node: node.index, other: from.index, event }, now);
    }
  }

  effect(now: number, node: CoreNode, effect: SerfEffect): void {
    this.views.now = now;
    switch (effect.kind) {
      case "send":
        this.#sent(node.index, effect.to, effect.bytes);
        return;
      case "dial":
        this.#called(now, node.index, numberOf(effect.to));
        return;
      case "log":
        this.#logged(now, node.index, effect.text);
        return;
      case "emit":
        this.#emitted(now, node.index, effect);
        return;
      default:
        return;
    }
  }

  turned(now: number, { index }: CoreNode): void {
    const help = this.#help;
    if (help !== undefined) {
      this.#help = undefined;
      this.#listener({ kind: "helpers", ...help }, now);
    }
    const score = this.#inspections[index]?.awareness ?? 0;
    const before = this.#scores[index]!;
    if (score === before) return;
    this.#scores[index] = score;
    this.#listener({ kind: "score", node: index, score, before }, now);
  }

  #sent(from: number, address: Address, bytes: Uint8Array): void {
    const { lost, cut } = this.#world?.links.counts ?? { lost: 0, cut: 0 };
    // The world hands the packet to the network first, which counts what it drops.
    const isLost = lost + cut > this.#lostCount;
    this.#lostCount = lost + cut;
    if (!this.closely) return;
    const to = numberOf(address);
    const messages = this.#open(bytes);
    for (const message of messages) {
      if (message.type !== "indirectPing") continue;
      const other = Number(message.node.slice(1));
      this.#help ??= { node: from, other, helpers: [] };
      this.#help.helpers.push(to);
    }
    this.#packet({ from, to, kind: kindOf(messages), lost: isLost });
  }

  #called(now: number, node: number, other: number): void {
    const isProbe = this.#help?.node === node && this.#help.other === other;
    this.#listener({ kind: "call", node, other, isProbe }, now);
  }

  #logged(now: number, node: number, text: string): void {
    const [, suspect] = /^Suspect n(\d+) has failed, no acks received$/.exec(text) ?? [];
    if (suspect !== undefined) this.#listener({ kind: "suspects", node, other: Number(suspect) }, now);
    const [, accuser] = /^Refuting a (?:suspect|dead) message \(from: n(\d+)\)$/.exec(text) ?? [];
    if (accuser !== undefined) this.#listener({ kind: "refutes", node, other: Number(accuser) }, now);
  }

  #emitted(now: number, node: number, { event }: Extract<SerfEffect, { kind: "emit" }>): void {
    if (event.type === "user") {
      this.#delivered(now, node, event.name);
      return;
    }
    const kind = kinds.get(event.type);
    if (kind === undefined || event.type === "query") return;
    for (const { name } of event.members) {
      const other = Number(name.slice(1));
      if (other !== node) this.#listener({ kind, node, other }, now);
    }
  }

  #delivered(now: number, node: number, event: string): void {
    let spread = this.#events.get(event);
    if (spread === undefined) {
      const [has, reached] = [new Uint8Array(this.#size), new Uint8Array(this.#size)];
      spread = { sentAt: now, has, reached, count: 0 };
      this.#events.set(event, spread);
      reached[node] = 1;
    }
    if (spread.has[node] === 1) return;
    spread.has[node] = 1;
    spread.count += 1;
    const { count, sentAt } = spread;
    this.#listener({ kind: "delivered", node, event, count, sentAt }, now);
  }

  #viewChanged(_observer: number, subject: number, now: number, before: number): void {
    const { views } = this;
    const suspects = views.count(subject, belief.suspect);
    const alive = views.count(subject, belief.alive);
    if (before === belief.suspect && suspects === 0 && alive > 0)
      this.#listener({ kind: "trusted", node: subject }, now);
    if (before !== belief.unknown && suspects === 0 && alive === 0)
      this.#listener({ kind: "known", node: subject }, now);
    const isUnited = views.running > 1 && views.united;
    // Before all have started, the cluster is not complete.
    if (isUnited && !this.#wasUnited && this.#started === this.#size) this.#listener({ kind: "united" }, now);
    this.#wasUnited = isUnited;
  }

  #open(bytes: Uint8Array): readonly PacketMessage[] {
    return this.#codec.open(bytes, { verifyIncoming: false }).messages;
  }
}

const kinds: ReadonlyMap<string, "failed" | "left" | "joined"> = new Map([
  ["member-failed", "failed"],
  ["member-leave", "left"],
  ["member-join", "joined"],
]);

/** Returns the number in a node's address. */
function numberOf({ host }: Address): number {
  const [, b, c, d] = host.split(".").map(Number);
  return (b! << 16) | (c! << 8) | d!;
}

/** Returns the name of the user event in a message. */
function eventName(message: PacketMessage): string | undefined {
  if (message.type !== "user") return undefined;
  const decoded = decodeMessage(message.payload);
  return decoded?.type === "userEvent" ? decoded.name : undefined;
}

function kindOf(messages: readonly PacketMessage[]): PacketKind {
  const types = new Set(messages.map(({ type }) => type));
  if (messages.some((message) => eventName(message) !== undefined)) return "event";
  if (types.has("suspect") || types.has("dead")) return "accusation";
  if (types.has("indirectPing") || types.has("nack")) return "helper";
  if (types.has("ping")) return "probe";
  return types.has("ack") ? "reply" : "gossip";
}
