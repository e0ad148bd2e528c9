/**
 * Commands of the caller that wait for something to spread: each settles exactly once, by success or by its time limit.
 */

import type { Outbox } from "../../effects.ts";
import type { Timers } from "../../timers.ts";
import type { SerfEvent } from "../api.ts";
import type { SerfTimer } from "../context.ts";

/** Commands under way. */
export class Pending {
  readonly #outbox: Outbox<SerfEvent>;
  readonly #timers: Timers<SerfTimer>;
  readonly #waiting = new Set<number>();

  constructor(outbox: Outbox<SerfEvent>, timers: Timers<SerfTimer>) {
    this.#outbox = outbox;
    this.#timers = timers;
  }

  /** Notes a command that the caller waits for. */
  begin(command: number): void {
    this.#waiting.add(command);
  }

  /** Lets a command fail with `error` at `at`, unless it settles before. */
  expire(at: number, command: number, error: string): void {
    this.#timers.set(`command ${command}`, at, { kind: "command", command, error });
  }

  /** Ends a command; a later end of the same command does nothing. */
  settle(command: number, error: string | null): void {
    if (!this.#waiting.delete(command)) return;
    this.#timers.delete(`command ${command}`);
    this.#outbox.push({ kind: "settle", command, error });
  }
}
