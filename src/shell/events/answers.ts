/**
 * Answers queries by functions of the program, one function for each name.
 */

import { untilAborted } from "../../async/until_aborted.ts";
import type { LogLevel } from "../../core/effects.ts";
import type { ReceivedQueryEvent } from "../../core/serf/api.ts";
import { messageOf, SerfError } from "../../errors.ts";
import type { Clock, Signal } from "../../runtime.ts";

/** What can be sent as an answer: text in UTF-8, or bytes; `undefined` sends none. */
export type Answer = string | Uint8Array | undefined;

/**
 * Returns the answer to a query, or a promise of it. `signal` is aborted when the time for the
 * answer is over, and when the node stops.
 */
export type AnswerFunction = (query: ReceivedQueryEvent, signal: Signal) => Answer | Promise<Answer>;

/** The queries of one name that are answered at the same time; further ones wait. */
export const answersAtOnceMax = 64;

/** The answers of one node. */
export class Answers {
  readonly #clock: Clock;
  readonly #log: (level: LogLevel, text: string) => void;
  readonly #names = new Set<string>();
  readonly #running = new Set<AbortController>();
  #ended = false;

  constructor(clock: Clock, log: (level: LogLevel, text: string) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Claims a name. Throws SerfError (ERR_STATE) if its queries are answered already. */
  claim(name: string): void {
    if (this.#names.has(name))
      throw new SerfError("ERR_STATE", `Cannot answer ${quoted(name)}: a function answers it already`);
    this.#names.add(name);
  }

  /** Gives a name back. Answers that are under way go on. */
  release(name: string): void {
    this.#names.delete(name);
  }

  /** Answers queries until there are no more. Never rejects. */
  async serve(queries: AsyncIterable<ReceivedQueryEvent>, answer: AnswerFunction): Promise<void> {
    const running = new Set<Promise<void>>();
    for await (const query of queries) {
      const done = this.#answer(query, answer).finally(() => running.delete(done));
      running.add(done);
      if (running.size >= answersAtOnceMax) await Promise.race(running);
    }
  }

  /** Aborts the signals of the answers that are under way, because the node stops. */
  end(reason: SerfError): void {
    this.#ended = true;
    for (const controller of this.#running) controller.abort(reason);
  }

  async #answer(query: ReceivedQueryEvent, answer: AnswerFunction): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const leftMs = query.deadline - this.#clock.wallTime();
    const over = (): void => controller.abort(new SerfError("ERR_TIMEOUT", "its time is over"));
    if (leftMs <= 0) over();
    const cancel = this.#clock.after(Math.max(0, leftMs), over);
    this.#running.add(controller);
    try {
      signal.throwIfAborted();
      const made = await untilAborted(
        signal,
        called(() => answer(query, signal)),
      );
      if (made !== undefined) query.respond(made);
    } catch (error) {
      const what = `the query ${quoted(query.name)} of ${quoted(query.source)}`;
      // What ends with the node is no fault of the program.
      if (!this.#ended) this.#log("ERR", `Cannot answer ${what}: ${messageOf(error)}`);
    } finally {
      cancel();
      this.#running.delete(controller);
    }
  }
}

async function called(answer: () => Answer | Promise<Answer>): Promise<Answer> {
  return await answer();
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
