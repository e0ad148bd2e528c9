/**
 * One suspicion (Lifeguard, section IV-B): begins with the longest timeout, and each independent
 * member that confirms it shortens the timeout, down to a minimum. The owner arms the timer.
 */

import { nodeScaleThousandths, suspicionTotalMs } from "../math.ts";
import type { SwimConfig } from "./config.ts";

/** The parameters and confirmations of one suspicion. */
export class Suspicion {
  #startedAt: number;
  /** The number of confirmations that reduce the timeout to its minimum. */
  readonly expected: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #accusers: Set<string>;
  #evidence: { readonly since: number; readonly at: number } | undefined;

  /**
   * `nodeCount` counts the members in all states. `from` began the suspicion and cannot confirm it.
   */
  constructor(config: SwimConfig, nodeCount: number, from: string, now: number) {
    const needed = config.suspicionMult - 2;
    this.expected = nodeCount - 2 < needed ? 0 : needed;
    this.#minMs = (config.suspicionMult * nodeScaleThousandths(nodeCount) * config.probeIntervalMs) / 1000;
    this.#maxMs = this.#minMs * config.suspicionMaxTimeoutMult;
    this.#startedAt = now;
    this.#accusers = new Set([from]);
  }

  /** The number of independent confirmations so far. */
  get confirmations(): number {
    return this.#accusers.size - 1;
  }

  /** When the suspect is declared dead, unless something changes. */
  get deadline(): number {
    if (this.expected < 1) return this.#startedAt + this.#minMs;
    const total = suspicionTotalMs(this.confirmations, this.expected, this.#minMs, this.#maxMs);
    return this.#startedAt + Math.max(this.#minMs, total);
  }

  /**
   * Counts a confirmation. Returns false if it changes nothing: the accuser is known, or there are
   * enough already.
   */
  confirm(from: string): boolean {
    if (this.confirmations >= this.expected || this.#accusers.has(from)) return false;
    this.#accusers.add(from);
    return true;
  }

  /** When our own evidence of a crash began; `undefined` if there is none. */
  get provenSince(): number | undefined {
    return this.#evidence?.since;
  }

  /** When our own evidence of a crash was seen last; `undefined` if there is none. */
  get provenAt(): number | undefined {
    return this.#evidence?.at;
  }

  /** Adds evidence of our own that the suspect has crashed, which began at `since`. */
  prove(since: number, now: number): void {
    this.#evidence = { since, at: now };
  }

  /** Drops our own evidence. */
  disprove(): void {
    this.#evidence = undefined;
  }

  /** Returns whether somebody else than `name` accuses. */
  isAccusedByOther(name: string): boolean {
    return this.#accusers.size > (this.#accusers.has(name) ? 1 : 0);
  }

  /** Makes the suspicion longer by `ms`, and lets it end no sooner than `earliest`. */
  extend(ms: number, earliest: number): void {
    this.#startedAt += Math.max(ms, earliest - this.deadline);
  }
}
