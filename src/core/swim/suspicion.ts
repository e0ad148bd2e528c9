/**
 * One suspicion (Lifeguard, section IV-B): starts with the longest timeout and shrinks towards the shortest as independent
 * members confirm it. Pure data; the owner keeps the deadline.
 */

import { nodeScaleThousandths, suspicionTotalMs } from "../math.ts";
import type { SwimConfig } from "./config.ts";

/** Parameters and confirmations of one suspicion. */
export class Suspicion {
  /** When the suspicion began. */
  readonly startedAt: number;
  /** Confirmations that bring the timeout down to its minimum. */
  readonly expected: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #accusers: Set<string>;

  /** `nodeCount` is the length of the member list in all states; `from` began the suspicion and never confirms it. */
  constructor(config: SwimConfig, nodeCount: number, from: string, now: number) {
    const wanted = config.suspicionMult - 2;
    this.expected = nodeCount - 2 < wanted ? 0 : wanted;
    this.#minMs = (config.suspicionMult * nodeScaleThousandths(nodeCount) * config.probeIntervalMs) / 1000;
    this.#maxMs = this.#minMs * config.suspicionMaxTimeoutMult;
    this.startedAt = now;
    this.#accusers = new Set([from]);
  }

  /** Independent confirmations so far. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  /** When the suspect is declared dead if nothing changes. */
  get deadline(): number {
    if (this.expected < 1) return this.startedAt + this.#minMs;
    const total = suspicionTotalMs(this.confirmations, this.expected, this.#minMs, this.#maxMs);
    return this.startedAt + Math.max(this.#minMs, total);
  }

  /** Counts a confirmation. False when it is nothing new: a known accuser, or more than are needed. */
  confirm(from: string): boolean {
    if (this.confirmations >= this.expected || this.#accusers.has(from)) return false;
    this.#accusers.add(from);
    return true;
  }
}
