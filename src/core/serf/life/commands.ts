/**
 * Commands of the host that wait for a broadcast or an exchange: each settles exactly once, with
 * success or with an error.
 */

import type { SerfContext } from "../context.ts";

/** The commands under way. */
export class PendingCommands {
  readonly #context: SerfContext;
  readonly #waiting = new Set<number>();

  constructor(context: SerfContext) {
    this.#context = context;
  }

  /** Begins a command. */
  begin(command: number): void {
    this.#waiting.add(command);
  }

  /** Settles a command with `error` at `at`, unless it settles before. */
  expire(at: number, command: number, error: string): void {
    this.#context.timers.set(`command ${command}`, at, { kind: "command", command, error });
  }

  /** Settles a command; does nothing if it has settled already. */
  settle(command: number, error: string | undefined): void {
    if (!this.#waiting.delete(command)) return;
    this.#context.timers.delete(`command ${command}`);
    this.#context.outbox.push({ kind: "settle", command, error });
  }
}
