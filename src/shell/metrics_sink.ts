/**
 * Passes the measurements of one node to the application's sink. If the sink throws, the node logs
 * the first error and continues.
 */

import type { Meter, Metrics } from "../core/metrics.ts";
import { messageOf } from "../errors.ts";
import type { Clock } from "../runtime.ts";
import type { LogLine } from "./options/log.ts";
import type { ParsedOptions } from "./options/options.ts";

/** Returns the meter of a node; `undefined` if its options have no sink. */
export function meterOf({ metrics, log }: ParsedOptions, clock: Clock): Meter | undefined {
  return metrics && new SinkMeter(metrics, clock, log);
}

class SinkMeter implements Meter {
  readonly #sink: Metrics;
  readonly #clock: Clock;
  readonly #log: (line: LogLine) => void;
  #failed = false;

  constructor(sink: Metrics, clock: Clock, log: (line: LogLine) => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#log = log;
  }

  incr(name: string, value: number): void {
    try {
      this.#sink.incr(name, value);
    } catch (error) {
      this.#fault(error);
    }
  }

  sample(name: string, value: number): void {
    try {
      this.#sink.sample(name, value);
    } catch (error) {
      this.#fault(error);
    }
  }

  gauge(name: string, value: number): void {
    try {
      this.#sink.gauge(name, value);
    } catch (error) {
      this.#fault(error);
    }
  }

  now(): number {
    return this.#clock.now();
  }

  #fault(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const text = `The metrics sink failed: ${messageOf(error)}`;
    this.#log({ time: this.#clock.wallTime(), level: "ERR", component: "serf", text });
  }
}
