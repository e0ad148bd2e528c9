/**
 * Where the lines of a node's log go: to the console, to a function of the program, or nowhere.
 */

import type { LogLevel } from "../../core/effects.ts";
import { logLevels, passesLevel } from "../../core/log_levels.ts";
import { localTime } from "../../go/time.ts";
import type { Runtime } from "../../runtime.ts";
import { type Kind, kinds } from "./arguments.ts";

/** A line of a node's log. */
export interface LogLine {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly time: number;
  /** `TRACE`, `DEBUG`, `INFO`, `WARN` or `ERR`. */
  readonly level: LogLevel;
  /** What logged it: `memberlist`, `serf`, `agent` or `agent.ipc`. */
  readonly component: string;
  /** The message, without time, level and component. */
  readonly text: string;
}

/** Which lines of the log go where. */
export interface LogOptions {
  /** The lowest level: `TRACE`, `DEBUG`, `INFO`, `WARN` or `ERR`. Default `WARN`. */
  readonly level?: LogLevel | undefined;
  /**
   * Receives the lines. It is called synchronously and must not throw. Default: they are printed to
   * standard error.
   */
  readonly write?: ((line: LogLine) => void) | undefined;
}

/** What the option `log` may be. */
export const logKind: Kind = {
  words: "false, a function, or an object with level and write",
  fits: (value) => value === false || kinds.call.fits(value) || isLogOptions(value),
};

/** Returns a function that receives every line; `print` writes text to standard error. */
export function logOf(
  option: false | ((line: LogLine) => void) | LogOptions | undefined,
  print: (text: string) => void,
): (line: LogLine) => void {
  if (option === false) return () => undefined;
  if (typeof option === "function") return option;
  const { level: lowest = "WARN", write = (line: LogLine) => print(`${formatLine(line)}\n`) } = option ?? {};
  return (line) => {
    if (passesLevel(line.level, lowest)) write(line);
  };
}

/**
 * Returns a function that writes text to standard error. Text that cannot be written, as when nobody
 * reads any more, is lost: there is nowhere else to say so.
 */
export function printTo(terminal: Pick<Runtime["terminal"], "writeError">): (text: string) => void {
  return (text) => {
    terminal.writeError(text).catch(() => undefined);
  };
}

/** `2026/11/23 10:34:05 [INFO] agent: text`, in local time and without a final newline. */
export function formatLine(line: LogLine): string {
  const time = localTime(new Date(line.time), "/");
  const text = line.text.endsWith("\n") ? line.text.slice(0, -1) : line.text;
  return `${time} [${line.level}] ${line.component}: ${text}`;
}

function isLogOptions(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { level, write, ...others } = value as Record<string, unknown>;
  return (
    (level === undefined || logLevels.includes(level as LogLevel)) &&
    (write === undefined || kinds.call.fits(write)) &&
    Object.keys(others).length === 0
  );
}
