/**
 * What the server logs about its clients. They could make it log without end, so lines are limited
 * by topic.
 */

import type { LogLevel } from "../../core/effects.ts";
import { type LimitedLine, LogLimiter } from "../../core/log_limit.ts";
import type { Cancel, Clock } from "../../runtime.ts";

/** Kinds of lines. */
export type LogTopic =
  | "accepted"
  | "accepted in a crowd"
  | "before auth"
  | "bad header"
  | "bad request"
  | "connection"
  | "dropped"
  | "closed"
  | "write failed";

const component = "agent.ipc";

/**
 * How many lines of a topic pass within ten seconds. A script that runs command after command without
 * a token causes one about each client, and another one.
 */
const linesMax: Readonly<Partial<Record<LogTopic, number>>> = { accepted: 70, "before auth": 28 };

/** How many lines of every other topic pass within ten seconds. */
const othersMax = 10;

/** The limited log of one server. */
export class ServerLog {
  readonly #clock: Clock;
  readonly #write: (level: LogLevel, text: string) => void;
  readonly #limiter = new LogLimiter<LogTopic>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock, write: (level: LogLevel, text: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Logs a line, or counts it. */
  write(topic: LogTopic, level: LogLevel, text: string): void {
    const max = linesMax[topic] ?? othersMax;
    this.#print(this.#limiter.admit(this.#clock.now(), topic, { level, component, text }, max));
    this.#arm();
  }

  /** Says that a client has authenticated, so that the line about it does not count. */
  authenticated(): void {
    this.#limiter.forgive("accepted");
  }

  /** Ends the waiting for what was left out. */
  close(): void {
    this.#cancel?.();
  }

  #arm(): void {
    const { deadline } = this.#limiter;
    if (this.#cancel !== undefined || deadline === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#clock.after(deadline - this.#clock.now(), () => {
      this.#cancel = undefined;
      this.#print(this.#limiter.due(this.#clock.now()));
      this.#arm();
    });
  }

  #print(lines: readonly LimitedLine[]): void {
    for (const { level, text } of lines) this.#write(level, text);
  }
}
