/**
 * A node that remembers: puts the clocks where an earlier life left them, finds its cluster again, and records this life.
 */

import { formatAddress } from "../../../net/address.ts";
import type { Outbox } from "../../effects.ts";
import type { Random } from "../../random.ts";
import type { SwimConfig } from "../../swim/config.ts";
import type { Swim } from "../../swim/swim.ts";
import type { SerfEvent } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import type { UserEvents } from "../events/user_events.ts";
import type { SerfMembers } from "../members/members.ts";
import type { Clocks } from "../push_pull.ts";
import type { Queries } from "../queries/receiver.ts";
import { lamportMax, type Replayed } from "./format.ts";
import { Rejoin } from "./rejoin.ts";
import { Snapshot } from "./snapshot.ts";

/** What {@link Recovery} works on. */
export interface RecoveryParts {
  readonly restored: Replayed;
  readonly config: SerfConfig;
  readonly swimConfig: SwimConfig;
  readonly random: Random;
  readonly outbox: Outbox<SerfEvent>;
  readonly clocks: Clocks;
  readonly members: SerfMembers;
  readonly events: UserEvents;
  readonly queries: Queries;
  readonly swim: Swim;
  /** Whether this node has no wish to leave. */
  readonly staying: () => boolean;
}

/** The memory of one node. */
export class Recovery {
  readonly snapshot: Snapshot;
  /** Our own incarnation in the earlier life; 0 when it is not known. */
  readonly pastIncarnation: number;
  readonly #rejoin: Rejoin;

  /** Nothing may have happened yet: the clocks are moved here. */
  constructor(parts: RecoveryParts) {
    const { restored, config, swimConfig, swim, clocks, events, queries } = parts;
    const { clock, eventClock, queryClock, incarnation } = restored.state;
    clocks.members.witness(clock);
    clocks.events.witness(eventClock);
    clocks.queries.witness(queryClock);
    if (eventClock < lamportMax) events.ignoreBefore(eventClock + 1n);
    if (queryClock < lamportMax) queries.ignoreBefore(queryClock + 1n);
    this.pastIncarnation = incarnation;
    this.snapshot = new Snapshot({
      restored,
      rejoinAfterLeave: config.rejoinAfterLeave,
      clocks,
      incarnation: () => swim.find(config.name)?.incarnation ?? 0,
    });
    this.#rejoin = new Rejoin(
      {
        outbox: parts.outbox,
        random: parts.random,
        members: parts.members,
        name: config.name,
        address: { host: formatAddress(swimConfig.address), port: swimConfig.port },
        giveUpMs: config.reconnectTimeoutMs,
        staying: parts.staying,
        join: (now, to, name, done) => swim.join(now, to, name, done),
      },
      restored.state,
    );
  }

  /** Begins to look for the cluster. */
  start(now: number): void {
    this.#rejoin.start(now);
  }

  /** Time to look for those members of the earlier life that are still unknown. */
  again(now: number): void {
    this.#rejoin.again(now);
  }
}
