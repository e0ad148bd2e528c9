/**
 * Malformed input from the network: all of it is counted, but logged at a bounded rate, so that a
 * flood of bad packets does not flood the log.
 */

import { joinHostPort } from "../../net/address.ts";
import type { Address } from "../../runtime.ts";
import { log, type SwimContext } from "./context.ts";

const windowMs = 10_000;
const linesPerWindow = 10;

/** Counts and logs malformed input. */
export class Faults {
  readonly #context: SwimContext;
  #count = 0;
  #windowStart = Number.NEGATIVE_INFINITY;
  #linesInWindow = 0;
  #suppressed = 0;

  constructor(context: SwimContext) {
    this.#context = context;
  }

  /** The number of faults since the start. */
  get count(): number {
    return this.#count;
  }

  /**
   * Counts one fault of a sender, and logs it unless ten lines were logged within the last 10 s.
   */
  report(now: number, from: Address, text: string): void {
    this.#count += 1;
    if (now - this.#windowStart >= windowMs) {
      if (this.#suppressed > 0)
        log(this.#context, "WARN", `${this.#suppressed} more malformed messages were dropped`);
      this.#windowStart = now;
      this.#linesInWindow = 0;
      this.#suppressed = 0;
    }
    if (this.#linesInWindow === linesPerWindow) {
      this.#suppressed += 1;
      return;
    }
    this.#linesInWindow += 1;
    log(this.#context, "ERR", `${text} from=${joinHostPort(from.host, from.port)}`);
  }
}
