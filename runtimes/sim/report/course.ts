/**
 * The course of a simulation over time, for plots. It is recorded beside the report and changes
 * nothing. It stays small however long the simulation takes.
 */

import type { CoreWorld } from "../cores/world.ts";
import { type Beliefs, unaware } from "./beliefs.ts";
import type { Spread } from "./spread.ts";

/** The state of the cluster at one time. */
export interface Sample {
  readonly atMs: number;
  /** How many nodes run. */
  readonly running: number;
  /** How many members the running nodes believe to be alive, summed over these nodes. */
  readonly seen: number;
  /** Bytes that arrived anywhere since the beginning. */
  readonly bytes: number;
}

/** When a share of the deliveries of events had happened. */
export interface SharePoint {
  /** In percent. */
  readonly share: number;
  readonly ms: number;
}

/** What happened when. */
export interface Course {
  /** In equal distances, but for the last one. */
  readonly samples: readonly Sample[];
  /** When the script began; `undefined` if it never did. */
  readonly scriptMs: number | undefined;
  readonly partition: { readonly fromMs: number; readonly untilMs: number } | undefined;
  /** When nodes crashed. */
  readonly crashesMs: readonly number[];
  /** For each crash and each running node that knows of it: how late it knew. Sorted. */
  readonly detectionsMs: readonly number[];
  /** How many pairs of a crash and a running node there are that does not know of it. */
  readonly undetected: number;
  /** Of events that no partition held up; empty without such events. */
  readonly spread: readonly SharePoint[];
}

/** Records the course. */
export class Recorder {
  /** When the script began. */
  scriptMs: number | undefined;
  #samples: Sample[] = [];
  #spacingMs = 0;
  #nextMs = 0;
  #cutMs: number | undefined;
  #healedMs: number | undefined;

  /** Notes that the partition begins. */
  cut(now: number): void {
    this.#cutMs = now;
  }

  /** Notes that the partition ends. */
  healed(now: number): void {
    this.#healedMs = now;
  }

  /** Looks at the cluster; called in equal distances of virtual time. */
  sample({ now, nodes, history }: CoreWorld, beliefs: Beliefs): void {
    if (now < this.#nextMs) return;
    const { running, seen } = beliefs.view(nodes);
    this.#samples.push({ atMs: now, running, seen, bytes: history.datagramBytes + history.streamBytes });
    if (this.#samples.length > samplesMax) this.#thin();
    this.#nextMs = now + this.#spacingMs;
  }

  /** Returns the course, when the simulation is over. */
  course(world: CoreWorld, beliefs: Beliefs, spread: Spread): Course {
    const running = world.nodes.filter((node) => node.running);
    const last = this.#samples.at(-1);
    if (last !== undefined && last.atMs < world.now) {
      this.#nextMs = world.now;
      this.sample(world, beliefs);
    }
    return {
      samples: this.#samples,
      scriptMs: this.scriptMs,
      partition:
        this.#cutMs === undefined ? undefined : { fromMs: this.#cutMs, untilMs: this.#healedMs ?? world.now },
      crashesMs: beliefs.crashes.map(({ atMs }) => atMs),
      detectionsMs: beliefs.crashes
        .flatMap(({ knownMs }) => running.map(({ index }) => knownMs[index]!))
        .filter((ms) => ms >= 0)
        .sort((a, b) => a - b),
      undetected: beliefs.crashes.reduce((sum, crash) => sum + unaware(crash, world.nodes), 0),
      spread: shares(spread.deliveries(world.nodes)),
    };
  }

  /** Leaves out every second sample, and takes half as many from now on. */
  #thin(): void {
    const [first, second] = this.#samples;
    this.#spacingMs = 2 * (second!.atMs - first!.atMs);
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
  }
}

/** More samples than a plot can show are thinned out. */
const samplesMax = 600;

/** Returns when each percent of the deliveries had happened. */
function shares({ counts, expected }: ReturnType<Spread["deliveries"]>): SharePoint[] {
  const points: SharePoint[] = [];
  let reached = 0;
  for (const ms of [...counts.keys()].sort((a, b) => a - b)) {
    reached += counts.get(ms)!;
    for (let share = points.length + 1; share * expected <= reached * 100; share += 1)
      points.push({ share, ms });
  }
  return points;
}
