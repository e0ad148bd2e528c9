/**
 * Keeps others from filling the log: of the lines of one kind only so many pass within a time, and a
 * note says how many were left out. Told the time, like the rest of the core.
 */

import type { LogLevel } from "./effects.ts";

/** The time for which lines are counted, from the first one. */
export const limitIntervalMs = 10_000;

/** A line on its way to the log. */
export interface LimitedLine {
  readonly level: LogLevel;
  readonly component: string;
  readonly text: string;
}

interface Bucket {
  /** When counting begins anew. */
  endsAt: number;
  passed: number;
  omitted: number;
  /** The last line that was left out. */
  last: LimitedLine | undefined;
}

/**
 * Limits lines by kind. Kinds are constants of the program, never what a peer sent, so that their
 * number is bounded.
 */
export class LogLimiter<Kind extends string = string> {
  readonly #buckets = new Map<Kind, Bucket>();
  #deadline = Number.POSITIVE_INFINITY;

  /** When {@link due} has to be called next; Infinity if nothing was left out. */
  get deadline(): number {
    return this.#deadline;
  }

  /** Returns what to log for a line: the line itself, a note before it, or nothing. `max` lines pass. */
  admit(now: number, kind: Kind, line: LimitedLine, max: number): LimitedLine[] {
    const bucket = this.#buckets.get(kind) ?? { endsAt: now, passed: 0, omitted: 0, last: undefined };
    this.#buckets.set(kind, bucket);
    const notes = now >= bucket.endsAt ? this.#refill(bucket, now + limitIntervalMs) : [];
    if (bucket.passed >= max) {
      bucket.omitted += 1;
      bucket.last = line;
      this.#deadline = Math.min(this.#deadline, bucket.endsAt);
      return notes;
    }
    bucket.passed += 1;
    return [...notes, line];
  }

  /** Takes back that a line of a kind passed: it was not from a stranger, and those do not count. */
  forgive(kind: Kind): void {
    const bucket = this.#buckets.get(kind);
    if (bucket !== undefined && bucket.passed > 0) bucket.passed -= 1;
  }

  /** Returns the notes on lines that were left out in times that are over. */
  due(now: number): LimitedLine[] {
    if (now < this.#deadline) return [];
    return [...this.#buckets.values()].flatMap((bucket) =>
      bucket.omitted > 0 && now >= bucket.endsAt ? this.#refill(bucket, now) : [],
    );
  }

  /** Lets lines pass again; returns the note on those that were left out. */
  #refill(bucket: Bucket, endsAt: number): LimitedLine[] {
    const { omitted, last } = bucket;
    Object.assign(bucket, { endsAt, passed: 0, omitted: 0, last: undefined });
    this.#deadline = Number.POSITIVE_INFINITY;
    for (const other of this.#buckets.values()) {
      if (other.omitted > 0) this.#deadline = Math.min(this.#deadline, other.endsAt);
    }
    return last === undefined
      ? []
      : [{ ...last, text: `… and ${omitted} more like it, the last: ${last.text}` }];
  }
}
