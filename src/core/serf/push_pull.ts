/**
 * Serf's part of a push/pull: what is sent with the membership layer's state, and how a peer's is merged (serf `LocalState`,
 * `MergeRemoteState`). Nothing learned here is passed on, as every node learns it the same way.
 */

import type { Outbox } from "../effects.ts";
import { WireError } from "../wire/error.ts";
import type { SerfEvent } from "./api.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { LamportClock } from "./lamport.ts";
import type { Wishes } from "./members/intents.ts";
import type { SerfMembers } from "./members/members.ts";
import { decodeState, encodeState, type SerfState } from "./wire/messages.ts";

/** The three Lamport clocks of a node. */
export interface Clocks {
  readonly members: LamportClock;
  readonly events: LamportClock;
  readonly queries: LamportClock;
}

/** What {@link SharedState} reads and writes. */
export interface SharedStateParts {
  readonly outbox: Outbox<SerfEvent>;
  readonly clocks: Clocks;
  readonly members: SerfMembers;
  readonly events: UserEvents;
  readonly wishes: Wishes;
}

/** The state that nodes exchange. */
export class SharedState {
  readonly #parts: SharedStateParts;
  #joinsIgnoringOld = 0;

  constructor(parts: SharedStateParts) {
    this.#parts = parts;
  }

  /** Begins a join; unless it replays, user events from before it are ignored while it runs. */
  beginJoin(replay: boolean): void {
    if (!replay) this.#joinsIgnoringOld += 1;
  }

  /** Ends what {@link beginJoin} began. */
  endJoin(replay: boolean): void {
    if (!replay) this.#joinsIgnoringOld -= 1;
  }

  /** What we send. */
  encode(): Uint8Array {
    const { clocks, members, events } = this.#parts;
    return encodeState({
      lamportTime: clocks.members.time,
      statusTimes: members.statusTimes(),
      leftMembers: members.withStatus("left").map((member) => member.name),
      eventTime: clocks.events.time,
      events: events.slots(),
      queryTime: clocks.queries.time,
    });
  }

  /** Merges a peer's state; `join` says that one of the two is joining the other. */
  merge(now: number, bytes: Uint8Array, join: boolean): void {
    const { outbox, clocks, events, wishes } = this.#parts;
    let state: SerfState;
    try {
      state = decodeState(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      outbox.log("ERR", "serf", `Failed to decode remote state: ${error.message}`);
      return;
    }
    // The peer sent the next value it will use.
    if (state.lamportTime > 0n) clocks.members.witness(state.lamportTime - 1n);
    if (state.eventTime > 0n) clocks.events.witness(state.eventTime - 1n);
    if (state.queryTime > 0n) clocks.queries.witness(state.queryTime - 1n);
    const left = new Set(state.leftMembers);
    for (const node of left) {
      const lamportTime = (state.statusTimes.get(node) ?? 0n) + 1n;
      wishes.apply(now, { type: "leave", lamportTime, node, prune: false });
    }
    for (const [node, lamportTime] of state.statusTimes) {
      if (!left.has(node)) wishes.apply(now, { type: "join", lamportTime, node });
    }
    if (join && this.#joinsIgnoringOld > 0) events.ignoreBefore(state.eventTime);
    for (const slot of state.events) {
      for (const { name, payload } of slot.events) {
        events.receive({ type: "userEvent", lamportTime: slot.lamportTime, name, payload, coalesce: false });
      }
    }
  }
}
