/**
 * A node that remembers: puts the clocks where an earlier life left them, finds its cluster again, and records this life.
 */

import type { Swim } from "../../swim/swim.ts";
import type { SerfContext } from "../context.ts";
import type { UserEvents } from "../events/user_events.ts";
import type { SerfMembers } from "../members/members.ts";
import type { Queries } from "../queries/queries.ts";
import { lamportMax, type Replayed } from "./format.ts";
import { Rejoin } from "./rejoin.ts";
import { Snapshot } from "./snapshot.ts";

/** The memory of one node. */
export class Recovery {
  readonly snapshot: Snapshot;
  /** Our own incarnation in the earlier life; 0 when it is not known. */
  readonly pastIncarnation: number;
  readonly #rejoin: Rejoin;

  /** Moves the clocks, so nothing may have happened yet. */
  constructor(
    context: SerfContext,
    restored: Replayed,
    {
      members,
      events,
      queries,
      swim,
    }: {
      readonly members: SerfMembers;
      readonly events: UserEvents;
      readonly queries: Queries;
      readonly swim: Swim;
    },
  ) {
    const { clocks, config } = context;
    const { clock, eventClock, queryClock, incarnation } = restored.state;
    clocks.members.witness(clock);
    clocks.events.witness(eventClock);
    clocks.queries.witness(queryClock);
    if (eventClock < lamportMax) events.ignoreBefore(eventClock + 1n);
    if (queryClock < lamportMax) queries.ignoreBefore(queryClock + 1n);
    this.pastIncarnation = incarnation;
    this.snapshot = new Snapshot(context, restored, () => swim.find(config.name)?.incarnation ?? 0);
    this.#rejoin = new Rejoin(context, members, swim, restored.state);
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
