/**
 * The answers of several scripts to one query. Only one answer is sent, and it is the first in the
 * order of configuration, as when scripts ran one after another. A script that is still running
 * delays the answers of later scripts, for at most half the query's time.
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
  /** What each script wrote. */
  readonly #outputs: (Uint8Array | "running" | "none")[];
  readonly #cancel: Cancel;
  #patient = true;

  /** `count` scripts will end; `warn` takes lines for the log. */
  constructor(event: QueryEvent, count: number, clock: Clock, warn: (text: string) => void) {
    this.#event = event;
    this.#warn = warn;
    this.#outputs = new Array<"running">(count).fill("running");
    const delayMs = count > 1 ? Math.max(0, (event.deadline - clock.now()) * patience) : 0;
    this.#cancel =
      count > 1
        ? clock.after(delayMs, () => {
            this.#patient = false;
            this.#respond();
          })
        : () => undefined;
  }

  /** Takes the output of a script that has ended. An empty one is no answer. */
  ended(index: number, output: Uint8Array = new Uint8Array(0)): void {
    this.#outputs[index] = output.length === 0 ? "none" : output;
    this.#respond();
    if (!this.#outputs.includes("running")) this.#cancel();
  }

  #respond(): void {
    for (const [index, output] of this.#outputs.entries()) {
      if (output === "running" && this.#patient) return;
      if (typeof output === "string") continue;
      this.#outputs[index] = "none";
      try {
        this.#event.respond(output);
      } catch (error) {
        if (!(error instanceof SerfError)) throw error;
        this.#warn(`Failed to respond to query 'query: ${this.#event.name}': ${error.message}`);
      }
    }
  }
}
