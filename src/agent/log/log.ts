/**
 * The agent's log: lines in Serf's form, the last ones of every level kept for monitors, and handed to whoever listens.
 */

import type { LogLevel } from "../../core/effects.ts";
import { printableEntry, printableLines } from "../../go/printable.ts";
import type { MonitoredLine } from "../../rpc/server/subscriptions.ts";
import type { Cancel, Clock } from "../../runtime.ts";
import { formatLine, type LogLine } from "../../shell/options/log.ts";

/** Lines kept for monitors, whatever the agent's own level. */
export const recentLinesMax = 512;

/** Takes a line. */
export type LogListener = (line: AgentLine) => void;

/**
 * One line. Most are of a level that nobody reads, so the text is made when it is first asked for,
 * safe to print for all that follow.
 */
export class AgentLine implements MonitoredLine {
  readonly level: LogLevel;
  readonly #logged: LogLine;
  readonly #safe: (text: string) => string;
  #text: string | undefined;

  /** `safe` takes out of a text what must not be printed. */
  constructor(logged: LogLine, safe: (text: string) => string) {
    this.level = logged.level;
    this.#logged = logged;
    this.#safe = safe;
  }

  /** The whole line, without a final newline. */
  get text(): string {
    this.#text ??= formatLine(this.source);
    return this.#text;
  }

  /** The line in its parts. */
  get source(): LogLine {
    const { time, level, component, text } = this.#logged;
    return { time, level, component, text: this.#safe(text) };
  }
}

/** A log that any number of listeners follow. */
export class AgentLog {
  readonly #clock: Clock;
  readonly #listeners = new Set<LogListener>();
  #recent: AgentLine[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Logs a line of one of the agent's own components. */
  write(level: LogLevel, component: string, text: string): void {
    this.append({ time: this.#clock.wallTime(), level, component, text });
  }

  /** Logs the output of a program, which may have several lines. */
  output(level: LogLevel, component: string, text: string): void {
    this.#add(new AgentLine({ time: this.#clock.wallTime(), level, component, text }, printableLines));
  }

  /** Logs a line that has its time already. */
  append(line: LogLine): void {
    this.#add(new AgentLine(line, printableEntry));
  }

  #add(line: AgentLine): void {
    this.#recent.push(line);
    if (this.#recent.length >= 2 * recentLinesMax) this.#recent = this.#recent.slice(-recentLinesMax);
    for (const listener of this.#listeners) listener(line);
  }

  /** The last lines, oldest first. */
  recent(): readonly AgentLine[] {
    return this.#recent.slice(-recentLinesMax);
  }

  /** Calls `listener` for each new line until cancelled. */
  follow(listener: LogListener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** A line as one JSON object, with the time in UTC. */
export function formatJsonLine({ time, level, component, text }: LogLine): string {
  return JSON.stringify({ time: new Date(time).toISOString(), level, component, text });
}
