/**
 * Checkers of a history: each takes what nodes reported and what happened, and returns the errors.
 */

import type { MemberStatus } from "../../src/core/serf/api.ts";
import type { Report } from "./cluster.ts";

/** What one node believes of the members: their status, and their value of the tag `x`. */
export type View = ReadonlyMap<string, { readonly status: MemberStatus; readonly tag: string | undefined }>;

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

/**
 * Views of live nodes that disagree with the true statuses of all members and the tags of the live
 * ones. A view may have forgotten a member that is gone.
 */
export function disagreements(
  views: ReadonlyMap<string, View>,
  truth: ReadonlyMap<string, MemberStatus>,
  tags: ReadonlyMap<string, string>,
): string[] {
  const wrong: string[] = [];
  for (const [observer, view] of views) {
    for (const [name, status] of truth) {
      const member = view.get(name);
      const forgotten = member === undefined && status !== "alive";
      if (member?.status !== status && !forgotten)
        wrong.push(`${observer} sees ${name} ${member?.status}, it is ${status}`);
      if (status === "alive" && member?.tag !== tags.get(name))
        wrong.push(`${observer} sees tag ${member?.tag} of ${name}, it is ${tags.get(name)}`);
    }
  }
  return wrong;
}
