/**
 * Two nodes under one name: what is written to the log, as names have to be unique and nobody else can tell.
 */

import { formatAddress } from "../../address.ts";
import type { Outbox } from "../effects.ts";
import type { Node } from "../swim/members.ts";
import type { Alive } from "../wire/messages.ts";
import type { SerfEvent } from "./member.ts";

/** Reports that `other` claims the name of `existing`; louder when that is `ownName`. */
export function reportConflict(
  outbox: Outbox<SerfEvent>,
  ownName: string,
  existing: Node,
  other: Alive,
): void {
  const mine = `${existing.endpoint.host}:${existing.endpoint.port}`;
  const theirs = `${formatAddress(other.address)}:${other.port}`;
  if (existing.name === ownName) {
    const text = `Node name conflicts with another node at ${theirs}. Names must be unique! (Resolution enabled: false)`;
    outbox.log("ERR", "serf", text);
  } else {
    outbox.log(
      "WARN",
      "serf",
      `Name conflict for '${existing.name}' both ${mine} and ${theirs} are claiming`,
    );
  }
}
