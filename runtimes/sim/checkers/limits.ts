/** Rules about what a node holds, and what it does at once. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { NodeLoad } from "../../../src/core/serf/stats.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** A node is measured this often. */
const measureMs = 5_000;

/** The most conversations: those that wait for a first message, and some that this node began. */
const exchangesMax = 128 + 64;

/** Bytes of a push/pull that one member adds at most, with all that Serf says of it. */
const stateBytesPerMember = 1_024;

/** Bytes of a push/pull beside members: the events that are remembered. */
const eventBytes = 5_242_880;

const queueNames = ["broadcasts", "intents", "queries", "events"] as const;

/** Queues, tables and exchanges stay within their limits, in number and in bytes. */
export class LoadIsBounded extends Rule {
  readonly name = "queues, tables and exchanges are bounded";
  readonly #measuredAt: number[] = [];

  override turned(now: number, node: CoreNode): void {
    if (now < (this.#measuredAt[node.index] ?? 0)) return;
    this.#measuredAt[node.index] = now + measureMs;
    this.judged += 1;
    const load = node.core.inspect().load();
    const limits = this.#limits();
    for (const name of [...queueNames, "exchanges"] as const) {
      const { length, bytes } = load[name];
      const [lengthMax, bytesMax] = limits[name];
      if (length > lengthMax) this.fail(now, `${node.name} holds ${length} ${name}, at most ${lengthMax}`);
      if (bytes > bytesMax)
        this.fail(now, `${node.name} holds ${bytes} bytes of ${name}, at most ${bytesMax}`);
    }
    const timersMax = 64 + 4 * this.scene.size + 3 * 1_024;
    if (load.timers > timersMax)
      this.fail(now, `${node.name} has ${load.timers} timers, at most ${timersMax}`);
  }

  #limits(): Record<Exclude<keyof NodeLoad, "timers">, readonly [length: number, bytes: number]> {
    const { size, bounds } = this.scene;
    const { packetSizeMax } = bounds.swim;
    const { queueDepthMax } = bounds.serf;
    // Of members and of intents the latest for each name waits. What a neighbour has not been told is
    // held beside the queue.
    const byName = [size, 2 * size * packetSizeMax] as const;
    const deep = [queueDepthMax, 3 * queueDepthMax * packetSizeMax] as const;
    const states = exchangesMax * (size * stateBytesPerMember + eventBytes);
    return {
      broadcasts: byName,
      intents: byName,
      queries: deep,
      events: deep,
      exchanges: [exchangesMax, states],
    };
  }
}

/** If nothing happens any more, nothing is left to send. */
export class QueuesRunEmpty extends Rule {
  readonly name = "without input all broadcast queues run empty";

  override quiet(now: number): void {
    const { nodes, truth } = this.scene;
    for (const node of nodes) {
      // A node that is alone has nobody to send to.
      if (node === undefined || truth.status(node.index) !== "alive" || node.core.liveCount < 2) continue;
      this.judged += 1;
      const load = node.core.inspect().load();
      for (const name of queueNames) {
        const { length, bytes } = load[name];
        if (length > 0 || bytes > 0)
          this.fail(now, `${node.name} still holds ${length} ${name}, ${bytes} bytes`);
      }
    }
  }
}

interface Turn {
  effects: number;
  sends: number;
  bytes: number;
}

/** No turn costs more than its bound, counted in effects, datagrams and bytes. */
export class TurnsAreBounded extends Rule {
  readonly name = "no turn costs more than its bound";
  readonly #turns: Turn[];

  constructor(scene: Rule["scene"]) {
    super(scene);
    this.#turns = Array.from({ length: scene.size }, () => ({ effects: 0, sends: 0, bytes: 0 }));
  }

  override effect(_now: number, { index }: CoreNode, effect: SerfEffect): void {
    const turn = this.#turns[index]!;
    turn.effects += 1;
    if (effect.kind === "send") turn.sends += 1;
    if (effect.kind === "send" || effect.kind === "write") turn.bytes += effect.bytes.length;
  }

  override turned(now: number, { index, name }: CoreNode): void {
    const turn = this.#turns[index]!;
    const { effects, sends, bytes } = turn;
    if (effects === 0) return;
    turn.effects = 0;
    turn.sends = 0;
    turn.bytes = 0;
    this.judged += 1;
    const { effectsMax, sendsMax, swim } = this.scene.bounds;
    const bytesMax = sendsMax * swim.packetSizeMax + this.scene.size * stateBytesPerMember + eventBytes;
    if (effects > effectsMax)
      this.fail(now, `${name} has ${effects} effects in a turn, at most ${effectsMax}`);
    if (sends > sendsMax) this.fail(now, `${name} sends ${sends} datagrams in a turn, at most ${sendsMax}`);
    if (bytes > bytesMax) this.fail(now, `${name} sends ${bytes} bytes in a turn, at most ${bytesMax}`);
  }
}
