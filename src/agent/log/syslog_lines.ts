/**
 * Lines of the agent's log as the system's log wants them: a priority, which is a facility and a severity, before each.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { LogLine } from "../../shell/options/log.ts";

/** Facilities and their numbers (RFC 3164, section 4.1.1). */
const facilities: Readonly<Record<string, number>> = {
  KERN: 0,
  USER: 1,
  MAIL: 2,
  DAEMON: 3,
  AUTH: 4,
  SYSLOG: 5,
  LPR: 6,
  NEWS: 7,
  UUCP: 8,
  CRON: 9,
  AUTHPRIV: 10,
  FTP: 11,
  LOCAL0: 16,
  LOCAL1: 17,
  LOCAL2: 18,
  LOCAL3: 19,
  LOCAL4: 20,
  LOCAL5: 21,
  LOCAL6: 22,
  LOCAL7: 23,
};

/** Severities as Serf has them, which are one step off. */
const severities: Readonly<Record<LogLevel, number>> = { TRACE: 7, DEBUG: 6, INFO: 5, WARN: 4, ERR: 3 };

/** The number of a facility, in whatever case; `undefined` when there is none of the name. */
export function facilityCode(name: string): number | undefined {
  const key = name.toUpperCase();
  return Object.hasOwn(facilities, key) ? facilities[key] : undefined;
}

/** A line with its priority, `<157>agent: text`; a text of several lines becomes as many, without empty ones. */
export function syslogLines({ level, component, text }: LogLine, facility: number): string[] {
  const priority = `<${8 * facility + severities[level]}>`;
  const [first = "", ...rest] = text.replaceAll("\0", "").split(/[\r\n]+/);
  return [`${component}: ${first}`, ...rest.filter((line) => line.trim() !== "")].map(
    (line) => priority + line,
  );
}
