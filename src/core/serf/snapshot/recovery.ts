/**
 * Recovers a node from its snapshot: sets the clocks to their values before the restart, finds the
 * cluster again, and records from now on.
 */

import type { Swim } from "../../swim/swim.ts";
import type { SerfContext } from "../context.ts";
import type { UserEvents } from "../events/user_events.ts";
import { lamportMax } from "../lamport.ts";
import type { SerfMembers } from "../members/members.ts";
import type { Queries } from "../queries/queries.ts";
import type { Replayed } from "./format.ts";
import { Rejoin } from "./rejoin.ts";
import { Snapshot } from "./snapshot.ts";

/** The recovery and the snapshot of one node. */
export class Recovery {
  readonly snapshot: Snapshot;
  /** Our own incarnation before the restart; 0 if it is not known. */
  readonly pastIncarnation: number;
  readonly #rejoin: Rejoin;

  /** Moves the clocks, so it must be called before the first input. */
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

  /** Begins to contact the members of the snapshot. */
  start(now: number): void {
    this.#rejoin.start(now);
  }

  /**
   * Contacts a member of the snapshot that this node has not seen yet; call it at each reconnect
   * interval.
   */
  again(now: number): void {
    this.#rejoin.again(now);
  }
}
