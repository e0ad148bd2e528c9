/**
 * Local health (Lifeguard, section IV-A): a score that rises when this node seems slow to others and stretches its own probes.
 */

/** The health score, 0 (healthy) to `max - 1`. */
export class Awareness {
  readonly #max: number;
  #score = 0;

  /** `max` is memberlist's AwarenessMaxMultiplier. */
  constructor(max: number) {
    this.#max = max;
  }

  /** The current score. */
  get score(): number {
    return this.#score;
  }

  /** Adds `delta`, staying within bounds. */
  apply(delta: number): void {
    this.#score = Math.min(this.#max - 1, Math.max(0, this.#score + delta));
  }

  /** Stretches a duration: times (score + 1). */
  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
