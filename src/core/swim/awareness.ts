/**
 * Local health (Lifeguard, section IV-A): a score that rises when this node itself seems to be
 * slow, and lengthens its probe intervals.
 */

/** The health score, 0 (healthy) to `max - 1`. */
export class Awareness {
  readonly #max: number;
  readonly #changed: (score: number) => void;
  #score = 0;

  /** `max` is memberlist's `AwarenessMaxMultiplier`; `changed` is called with each new score. */
  constructor(max: number, changed: (score: number) => void = () => undefined) {
    this.#max = max;
    this.#changed = changed;
  }

  /** The current score. */
  get score(): number {
    return this.#score;
  }

  /** Adds `delta` to the score, within its bounds. */
  apply(delta: number): void {
    const before = this.#score;
    this.#score = Math.min(this.#max - 1, Math.max(0, before + delta));
    if (this.#score !== before) this.#changed(this.#score);
  }

  /** Returns a duration times (score + 1). */
  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
