/**
 * Reaching for failed members, so that a healed network heals the cluster (serf `reconnect`): the more of the cluster has failed, the
 * more often, so that many nodes do not knock at the same door at once.
 */

import { joinHostPort } from "../../../net/address.ts";
import type { Outbox } from "../../effects.ts";
import type { Random } from "../../random.ts";
import type { Member, SerfEvent } from "../api.ts";
import type { SerfMembers } from "./members.ts";

/** Chooses the failed member to contact in this round, or none. */
export function chooseReconnect(
  members: SerfMembers,
  random: Random,
  outbox: Outbox<SerfEvent>,
): Member | undefined {
  const failed = members.withStatus("failed");
  if (failed.length === 0) return undefined;
  const alive = Math.max(1, members.count - failed.length - members.withStatus("left").length);
  if (random.unit() > failed.length / alive) {
    outbox.log("DEBUG", "serf", "forgoing reconnect for random throttling");
    return undefined;
  }
  const chosen = failed[random.below(failed.length)]!;
  outbox.log(
    "INFO",
    "serf",
    `attempting reconnect to ${chosen.name} ${joinHostPort(chosen.address, chosen.port)}`,
  );
  return chosen;
}
