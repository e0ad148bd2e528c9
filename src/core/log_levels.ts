/**
 * The severities of log lines in their order.
 */

import type { LogLevel } from "./effects.ts";

/** Levels from the least to the most important. */
export const logLevels: readonly LogLevel[] = ["TRACE", "DEBUG", "INFO", "WARN", "ERR"];

/** Reads a level's name in any case; `undefined` if there is no such level. */
export function parseLogLevel(name: string): LogLevel | undefined {
  return logLevels.find((level) => level === name.toUpperCase());
}

/** Whether a line of `level` passes the minimum. */
export function passesLevel(level: LogLevel, minimum: LogLevel): boolean {
  return logLevels.indexOf(level) >= logLevels.indexOf(minimum);
}
