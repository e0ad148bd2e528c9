/** The protocol versions of a member, as users see them. */

import type { Member, VersionRange } from "../api.ts";

/** Returns a node's announced versions as the two ranges of a member. */
export function versionRanges(versions: Uint8Array): Pick<Member, "protocol" | "memberlist"> {
  const [min = 0, max = 0, current = 0, delegateMin = 0, delegateMax = 0, delegate = 0] = versions;
  return {
    protocol: range(delegateMin, delegateMax, delegate),
    memberlist: range(min, max, current),
  };
}

function range(min: number, max: number, current: number): VersionRange {
  return Object.freeze({ min, max, current });
}
