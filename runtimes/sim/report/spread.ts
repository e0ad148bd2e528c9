/** Watches how user events spread: when each node receives each. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";
import { atShare, type Summary, summary } from "./statistics.ts";

/** The name of the events that are measured. */
const eventName = "simulated";

interface Sent {
  readonly atMs: number;
  /** For each node when it received the event, after it was sent; -1 before. */
  readonly delaysMs: Int32Array;
  /** Whether the network was whole meanwhile, so that the times say something about gossip. */
  whole: boolean;
}

/** How long events took; each list has a number for each event that got so far. */
export interface SpreadTimes {
  readonly halfMs: Summary | null;
  readonly most99Ms: Summary | null;
  readonly lastMs: Summary | null;
}

/** Sends numbered events and keeps when they arrived. */
export class Spread implements Watcher {
  readonly #size: number;
  readonly #sent: Sent[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** The number of events that were sent. */
  get count(): number {
    return this.#sent.length;
  }

  /** Notes that the next event is sent, and returns what to send. */
  send(now: number, whole: boolean): { readonly name: string; readonly payload: Uint8Array } {
    const payload = new TextEncoder().encode(String(this.#sent.length));
    this.#sent.push({ atMs: now, delaysMs: new Int32Array(this.#size).fill(-1), whole });
    return { name: eventName, payload };
  }

  /** Notes that a partition begins: it holds up the events that are on their way. */
  cut(nodes: readonly CoreNode[]): void {
    const running = nodes.filter((node) => node.running);
    for (const sent of this.#sent) {
      if (running.some(({ index }) => sent.delaysMs[index] === -1)) sent.whole = false;
    }
  }

  effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || effect.event.type !== "user" || effect.event.name !== eventName) return;
    const sent = this.#sent[Number(new TextDecoder().decode(effect.event.payload))];
    if (sent !== undefined && sent.delaysMs[node.index] === -1) sent.delaysMs[node.index] = now - sent.atMs;
  }

  /** Returns how many events no running node has: their sender crashed before it passed them on. */
  lost(nodes: readonly CoreNode[]): number {
    return this.#lacking(nodes).filter(({ lacking, running }) => lacking === running).length;
  }

  /** Returns how many deliveries to running nodes are missing, of events that some of them have. */
  missing(nodes: readonly CoreNode[]): number {
    return this.#lacking(nodes)
      .filter(({ lacking, running }) => lacking < running)
      .reduce((sum, { lacking }) => sum + lacking, 0);
  }

  /** Returns the times of the events that were sent while the network was whole. */
  times(nodes: readonly CoreNode[]): SpreadTimes {
    const running = nodes.filter((node) => node.running);
    const lists = this.#sent
      .filter(({ whole }) => whole)
      .map(({ delaysMs }) =>
        running
          .map(({ index }) => delaysMs[index]!)
          .filter((delay) => delay >= 0)
          .sort((a, b) => a - b),
      );
    const reached = (share: number): Summary | null =>
      summary(
        lists.map((list) => atShare(list, share, running.length)).filter((delay) => delay !== undefined),
      );
    return { halfMs: reached(0.5), most99Ms: reached(0.99), lastMs: reached(1) };
  }

  /**
   * Returns how many deliveries to running nodes took how long, and how many there should have been;
   * of the events that were sent while the network was whole.
   */
  deliveries(nodes: readonly CoreNode[]): {
    readonly counts: ReadonlyMap<number, number>;
    readonly expected: number;
  } {
    const running = nodes.filter((node) => node.running);
    const whole = this.#sent.filter((sent) => sent.whole);
    const counts = new Map<number, number>();
    for (const { delaysMs } of whole) {
      for (const { index } of running) {
        const delay = delaysMs[index]!;
        if (delay >= 0) counts.set(delay, (counts.get(delay) ?? 0) + 1);
      }
    }
    return { counts, expected: running.length * whole.length };
  }

  /** Returns for each event how many of the running nodes lack it. */
  #lacking(nodes: readonly CoreNode[]): { readonly lacking: number; readonly running: number }[] {
    const running = nodes.filter((node) => node.running);
    return this.#sent.map(({ delaysMs }) => ({
      lacking: running.filter(({ index }) => delaysMs[index] === -1).length,
      running: running.length,
    }));
  }
}
