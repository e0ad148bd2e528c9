/**
 * Which members pass a filter. Every expression is wrapped as `^EXPRESSION$` without a group, so `a|b` means "starts with
 * a or ends with b"; a member without a tag matches like one whose tag is empty.
 */

import type { Member } from "../core/serf/api.ts";
import { type MemberFilter, passesAll } from "../rpc/protocol.ts";
import type { Pattern } from "../shell/regexp.ts";
import { loadPatternCompiler } from "../shell/regexp.ts";

/** Selects members. Rejects with PatternError when an expression cannot be compiled. */
export async function selectMembers(
  members: readonly Member[],
  filter: MemberFilter,
): Promise<readonly Member[]> {
  if (passesAll(filter)) return members;
  const compile = await loadPatternCompiler();
  const anchored = (expression: string): Pattern => compile(`^${expression}$`);
  const tags = [...filter.tags].map(([key, expression]) => ({ key, matches: anchored(expression) }));
  const status = filter.status === "" ? undefined : anchored(filter.status);
  const name = filter.name === "" ? undefined : anchored(filter.name);
  return members.filter(
    (member) =>
      (name === undefined || name(member.name)) &&
      (status === undefined || status(member.status)) &&
      tags.every(({ key, matches }) => matches(tagOf(member, key))),
  );
}

function tagOf(member: Member, key: string): string {
  return Object.hasOwn(member.tags, key) ? member.tags[key]! : "";
}
