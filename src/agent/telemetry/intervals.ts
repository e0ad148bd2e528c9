/**
 * What was measured in the last minute, summed up by intervals of ten seconds, and its text for people (go-metrics `InmemSink`,
 * `InmemSignal`). Values are of single precision, as they are there.
 */

import type { Metrics } from "../../core/metrics.ts";
import { ageText, timeText } from "../../go/time.ts";
import type { Clock } from "../../runtime.ts";
import { boundedName, printedName } from "./names.ts";

/** Length of an interval, which begins at a multiple of it. */
export const intervalMs = 10_000;
/** Intervals that are kept, the running one included. */
const intervalsMax = 6;
/** Names in one interval; measurements under further ones are lost. */
export const namesMax = 1024;

/** Values under one name. */
interface Aggregate {
  count: number;
  sum: number;
  sumOfSquares: number;
  min: number;
  max: number;
  /** Wall time of the last value. */
  updatedAt: number;
}

interface Interval {
  readonly startedAt: number;
  readonly gauges: Map<string, number>;
  readonly counters: Map<string, Aggregate>;
  readonly samples: Map<string, Aggregate>;
}

/** Measurements of the last minute. */
export class Intervals implements Metrics {
  readonly #clock: Pick<Clock, "wallTime">;
  readonly #prefix: string;
  readonly #overflow: () => void;
  readonly #startedAt: number;
  #intervals: Interval[] = [];

  /** `prefix` goes before every name in the text; `overflow` is called for everything that is lost. */
  constructor(clock: Pick<Clock, "wallTime">, prefix: string, overflow: () => void) {
    this.#clock = clock;
    this.#prefix = prefix;
    this.#overflow = overflow;
    this.#startedAt = clock.wallTime();
  }

  incr(name: string, value: number): void {
    const now = this.#clock.wallTime();
    const interval = this.#at(now);
    this.#ingest(interval, interval.counters, name, value, now);
  }

  sample(name: string, value: number): void {
    const now = this.#clock.wallTime();
    const interval = this.#at(now);
    this.#ingest(interval, interval.samples, name, value, now);
  }

  gauge(name: string, value: number): void {
    const interval = this.#at(this.#clock.wallTime());
    const key = boundedName(name);
    if (!interval.gauges.has(key) && !this.#hasRoom(interval)) return;
    interval.gauges.set(key, Math.fround(value));
  }

  /** The intervals that are over, a line for each name. */
  text(): string {
    this.#at(this.#clock.wallTime());
    return this.#intervals
      .slice(0, -1)
      .flatMap((interval) => this.#lines(interval))
      .join("");
  }

  #at(now: number): Interval {
    const startedAt = Math.floor(now / intervalMs) * intervalMs;
    const last = this.#intervals.at(-1);
    if (last?.startedAt === startedAt) return last;
    const next = { startedAt, gauges: new Map(), counters: new Map(), samples: new Map() };
    this.#intervals = [...this.#intervals, next].slice(-intervalsMax);
    return next;
  }

  #hasRoom({ gauges, counters, samples }: Interval): boolean {
    if (gauges.size + counters.size + samples.size < namesMax) return true;
    this.#overflow();
    return false;
  }

  #ingest(interval: Interval, into: Map<string, Aggregate>, name: string, given: number, now: number): void {
    const key = boundedName(name);
    const value = Math.fround(given);
    const aggregate = into.get(key);
    if (aggregate !== undefined) {
      add(aggregate, value, now);
      return;
    }
    if (!this.#hasRoom(interval)) return;
    const first = {
      count: 1,
      sum: value,
      sumOfSquares: value * value,
      min: value,
      max: value,
      updatedAt: now,
    };
    into.set(key, first);
  }

  #lines({ startedAt, gauges, counters, samples }: Interval): string[] {
    const line = (kind: string, name: string, text: string): string =>
      `[${timeText(startedAt)}][${kind}] '${this.#prefix}${printedName(name)}': ${text}\n`;
    return [
      ...Array.from(gauges, ([name, value]) => line("G", name, value.toFixed(3))),
      ...Array.from(counters, ([name, aggregate]) => line("C", name, this.#summary(aggregate))),
      ...Array.from(samples, ([name, aggregate]) => line("S", name, this.#summary(aggregate))),
    ];
  }

  #summary(aggregate: Aggregate): string {
    const { count, sum, min, max, updatedAt } = aggregate;
    const updated = `LastUpdated: ${timeText(updatedAt)}${ageText(updatedAt - this.#startedAt)}`;
    const deviation = standardDeviation(aggregate);
    if (deviation === 0) return `Count: ${count} Sum: ${sum.toFixed(3)} ${updated}`;
    const spread = `Min: ${min.toFixed(3)} Mean: ${(sum / count).toFixed(3)} Max: ${max.toFixed(3)}`;
    return `Count: ${count} ${spread} Stddev: ${deviation.toFixed(3)} Sum: ${sum.toFixed(3)} ${updated}`;
  }
}

function add(aggregate: Aggregate, value: number, now: number): void {
  aggregate.count += 1;
  aggregate.sum += value;
  aggregate.sumOfSquares += value * value;
  aggregate.min = Math.min(aggregate.min, value);
  aggregate.max = Math.max(aggregate.max, value);
  aggregate.updatedAt = now;
}

/** sqrt((n * sum of squares - sum^2) / (n * (n - 1))), of a sample. */
function standardDeviation({ count, sum, sumOfSquares }: Aggregate): number {
  if (count < 2) return 0;
  // Rounding can leave equal values a little below zero.
  return Math.sqrt(Math.max(0, count * sumOfSquares - sum * sum) / (count * (count - 1)));
}
