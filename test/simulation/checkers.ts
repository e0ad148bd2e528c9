/**
 * Checkers of a history: each takes what nodes reported and what happened, and returns the errors.
 */

import type { Report } from "./cluster.ts";

/**
 * Reports of failure about members that had not crashed; `crashedAt` has the time of every crash.
 */
export function falsePositives(reports: readonly Report[], crashedAt: ReadonlyMap<string, number>): string[] {
  const wrong: string[] = [];
  for (const { at, observer, event } of reports) {
    if (event.type !== "member-failed") continue;
    for (const member of event.members) {
      const crash = crashedAt.get(member.name);
      if (crash === undefined || at < crash)
        wrong.push(`${at} ms: ${observer} reports that ${member.name} failed`);
    }
  }
  return wrong;
}
