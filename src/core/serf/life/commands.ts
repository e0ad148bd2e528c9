/**
 * Commands of the caller that wait for something to spread: each settles exactly once, by success or by its time limit.
 */

import type { SerfContext } from "../context.ts";

/** Commands under way. */
export class PendingCommands {
  readonly #context: SerfContext;
  readonly #waiting = new Set<number>();

  constructor(context: SerfContext) {
    this.#context = context;
  }

  /** Notes a command that the caller waits for. */
  begin(command: number): void {
    this.#waiting.add(command);
  }

  /** Lets a command fail with `error` at `at`, unless it settles before. */
  expire(at: number, command: number, error: string): void {
    this.#context.timers.set(`command ${command}`, at, { kind: "command", command, error });
  }

  /** Ends a command; a later end of the same command does nothing. */
  settle(command: number, error: string | undefined): void {
    if (!this.#waiting.delete(command)) return;
    this.#context.timers.delete(`command ${command}`);
    this.#context.outbox.push({ kind: "settle", command, error });
  }
}
