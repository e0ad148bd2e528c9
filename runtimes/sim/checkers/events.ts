/** Rules about user events: each arrives once, in order, and everywhere. */

import type { UserEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** Returns what tells an event from all others, as Serf does it: its time, name and payload. */
function identity({ lamportTime, name, payload }: UserEvent): string {
  return payload.length === 0 ? `${lamportTime} ${name}` : `${lamportTime} ${name} ${payload.join()}`;
}

/** A node delivers an event at most once. */
export class EventsComeOnce extends Rule {
  readonly name = "an event at most once per node";
  override readonly kinds = ["emit"] as const;
  readonly #delivered: Set<string>[] = [];

  override started(_now: number, { index }: CoreNode): void {
    this.#delivered[index] = new Set();
  }

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || effect.event.type !== "user") return;
    this.judged += 1;
    const delivered = this.#delivered[node.index]!;
    const event = identity(effect.event);
    if (delivered.has(event)) this.fail(now, `${node.name} delivers "${effect.event.name}" twice`);
    delivered.add(event);
    // A node that remembers fewer times than this cannot deliver an older event again.
    if (delivered.size <= 4 * this.scene.bounds.serf.eventBuffer) return;
    for (const oldest of delivered) {
      delivered.delete(oldest);
      break;
    }
  }
}

/** An event on its way. */
interface Sent {
  readonly name: string;
  readonly sender: CoreNode;
  readonly at: number;
  /** The number of the event among those of its sender. */
  readonly number: number;
  readonly lamportTime: bigint;
  /** Nodes that have to get it, and whether they have. */
  readonly missing: Set<number>;
}

/** The most events that are remembered. */
const rememberedMax = 4_096;

/** Events of all senders by identity. The first node that delivers an event is its sender. */
class SentEvents {
  readonly #byIdentity = new Map<string, Sent>();
  readonly #counts = new Map<number, number>();
  /** Whether several events have a Lamport time. */
  readonly #times = new Map<bigint, number>();

  get all(): Iterable<Sent> {
    return this.#byIdentity.values();
  }

  find(event: UserEvent): Sent | undefined {
    return this.#byIdentity.get(identity(event));
  }

  add(now: number, sender: CoreNode, event: UserEvent, missing: Set<number>): Sent {
    const number = (this.#counts.get(sender.index) ?? 0) + 1;
    this.#counts.set(sender.index, number);
    const { name, lamportTime } = event;
    this.#times.set(lamportTime, (this.#times.get(lamportTime) ?? 0) + 1);
    const sent: Sent = { name, sender, at: now, number, lamportTime, missing };
    this.#byIdentity.set(identity(event), sent);
    if (this.#byIdentity.size > rememberedMax) {
      for (const oldest of this.#byIdentity.keys()) {
        this.#byIdentity.delete(oldest);
        break;
      }
    }
    return sent;
  }

  isShared({ lamportTime }: Sent): boolean {
    return (this.#times.get(lamportTime) ?? 0) > 1;
  }
}

/**
 * A node delivers the events of one sender in the order in which they were sent, if no fault delays
 * or loses any, and the sender shares no Lamport time with another one. Where peers have memberlist's
 * rules, that holds for events which come while others wait for them.
 */
export class EventsComeInOrder extends Rule {
  readonly name = "events of one sender come in order";
  override readonly kinds = ["emit"] as const;
  readonly #events = new SentEvents();
  /** The last event of each sender at each node. */
  readonly #last = new Map<string, Sent>();

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || effect.event.type !== "user") return;
    const { event } = effect;
    const sent = this.#events.find(event) ?? this.#events.add(now, node, event, new Set());
    const pair = `${sent.sender.index} ${node.index} ${node.starts}`;
    const last = this.#last.get(pair);
    if (last !== undefined && last.number > sent.number) {
      const { truth, bounds } = this.scene;
      const calm = truth.calmSince("disorder") + bounds.aftermathMs < sent.at;
      // A node that left and runs on only receives what rides on acks.
      const isMember = truth.status(node.index) === "alive";
      const settled = isMember && truth.life(node.index).changedAt + bounds.aftermathMs < sent.at;
      // Gossip of memberlist's rules misses a member now and then, and no event waits that long.
      const missed = this.scene.memberlist && now >= last.at + bounds.swim.gossipIntervalMs;
      this.judged += 1;
      if (calm && settled && !missed && !this.#events.isShared(sent) && !this.#events.isShared(last))
        this.fail(now, `${node.name} delivers "${sent.name}" of ${sent.sender.name} after "${last.name}"`);
      return;
    }
    this.judged += 1;
    this.#last.set(pair, sent);
  }
}

/**
 * An event reaches all that stay connected to its sender, by gossip or at the latest by a push/pull.
 */
export class EventsComeEverywhere extends Rule {
  readonly name = "an event reaches all that stay connected through one push/pull";
  override readonly kinds = ["emit"] as const;
  readonly #events = new SentEvents();
  readonly #due: Sent[] = [];

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || effect.event.type !== "user") return;
    const sent = this.#events.find(effect.event);
    if (sent !== undefined) {
      sent.missing.delete(node.index);
      return;
    }
    const added = this.#events.add(now, node, effect.event, this.#connected(now, node, effect.event));
    // Gossip of memberlist's rules misses some members now and then, and then two of them may exchange state.
    if (!this.scene.memberlist) this.#due.push(added);
  }

  override turned(now: number): void {
    const { reachMs } = this.scene.bounds;
    while (this.#due.length > 0 && now >= this.#due[0]!.at + reachMs) this.#judge(now, this.#due.shift()!);
  }

  /** What faults delayed has come as well, once there was time for some push/pulls. */
  override quiet(now: number): void {
    const { size, truth, bounds, nodes } = this.scene;
    const pushPulls = (1 + Math.ceil(Math.log2(size))) * bounds.pushPullMs;
    for (const { name, sender, at, missing } of this.#events.all) {
      if (Math.max(at, truth.calmSince("delay")) + pushPulls > now || this.#maybeFalse(at)) continue;
      if (!truth.life(sender.index).running || truth.life(sender.index).changedAt > at) continue;
      this.judged += 1;
      for (const index of missing) {
        if (truth.status(index) !== "alive" || truth.life(index).changedAt > at) continue;
        this.fail(now, `${nodes[index]!.name} never got "${name}" that ${sender.name} sent at ${at}`);
      }
    }
  }

  /** Returns whether an event may be a lie, with a time that others refuse, or be sent after such a time. */
  #maybeFalse(at: number): boolean {
    const { truth, bounds } = this.scene;
    return truth.calmSince("lies") + bounds.aftermathMs > at;
  }

  /**
   * Returns the others that the sender sees alive and that see it alive. A sender that missed an event is
   * behind in Lamport time, and who has joined or restarted since ignores what it sends.
   */
  #connected(now: number, sender: CoreNode, { lamportTime }: UserEvent): Set<number> {
    const { nodes, truth, bounds } = this.scene;
    const connected = new Set<number>();
    if (sender.core.state !== "alive") return connected;
    for (const node of nodes) {
      if (node === undefined || node === sender || truth.status(node.index) !== "alive") continue;
      if (now - truth.life(node.index).changedAt < bounds.spreadMs) continue;
      if (node.core.inspect().eventsIgnoredBefore > lamportTime) continue;
      if (sees(sender, node) && sees(node, sender)) connected.add(node.index);
    }
    return connected;
  }

  #judge(now: number, { name, sender, at, missing }: Sent): void {
    const { nodes, truth } = this.scene;
    this.judged += 1;
    if (truth.calmSince("delay") > at || truth.life(sender.index).changedAt > at) return;
    if (this.#maybeFalse(at)) return;
    for (const index of missing) {
      const life = truth.life(index);
      if (truth.status(index) !== "alive" || life.changedAt > at) continue;
      this.fail(now, `${nodes[index]!.name} has not got "${name}" that ${sender.name} sent at ${at}`);
    }
  }
}

/** Whether a node sees another alive, at the address that it has. */
function sees({ core }: CoreNode, { name, address }: CoreNode): boolean {
  const seen = core.member(name);
  return seen?.status === "alive" && seen.address === address.host;
}
