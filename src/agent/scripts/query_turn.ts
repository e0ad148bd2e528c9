/**
 * The answers of several scripts to one query. Only one answer is sent, and it is the first in the order of configuration, as when
 * scripts ran one after another. A script that does not come to its end holds back those behind it for part of the query's time.
 */

import type { QueryEvent } from "../../core/serf/api.ts";
import { SerfError } from "../../errors.ts";
import type { Cancel, Clock } from "../../runtime.ts";

/** The part of a query's time for which an answer waits for scripts in front of it. */
const patience = 0.5;

/** One query on its way through its scripts. */
export class QueryTurn {
  readonly #event: QueryEvent;
  readonly #warn: (text: string) => void;
  /** What each script wrote: null for no answer, undefined while it runs. */
  readonly #outputs: (Uint8Array | null | undefined)[];
  readonly #cancel: Cancel;
  #patient = true;

  /** `count` scripts will end; `warn` takes lines for the log. */
  constructor(event: QueryEvent, count: number, clock: Clock, warn: (text: string) => void) {
    this.#event = event;
    this.#warn = warn;
    this.#outputs = new Array<undefined>(count).fill(undefined);
    const delayMs = count > 1 ? Math.max(0, (event.deadline - clock.now()) * patience) : 0;
    this.#cancel =
      count > 1
        ? clock.after(delayMs, () => {
            this.#patient = false;
            this.#respond();
          })
        : () => undefined;
  }

  /** A script has ended. An empty output is no answer. */
  ended(index: number, output: Uint8Array | null): void {
    this.#outputs[index] = output === null || output.length === 0 ? null : output;
    this.#respond();
    if (!this.#outputs.includes(undefined)) this.#cancel();
  }

  #respond(): void {
    for (const [index, output] of this.#outputs.entries()) {
      if (output === undefined && this.#patient) return;
      if (output === undefined || output === null) continue;
      this.#outputs[index] = null;
      try {
        this.#event.respond(output);
      } catch (error) {
        if (!(error instanceof SerfError)) throw error;
        this.#warn(`Failed to respond to query 'query: ${this.#event.name}': ${error.message}`);
      }
    }
  }
}
