/**
 * Serf's part of a push/pull: what we send with the membership layer's state, and how a peer's is
 * merged (serf `LocalState`, `MergeRemoteState`). It is not broadcast again, because every node
 * receives it by push/pulls of its own.
 */

import { WireError } from "../wire/error.ts";
import type { SerfContext } from "./context.ts";
import { log } from "./context.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { Intents } from "./members/intents.ts";
import type { SerfMembers } from "./members/members.ts";
import { decodePushPull, encodePushPull, type PushPullMessage } from "./wire/messages.ts";

/** Encodes our state and merges that of peers. */
export class SharedState {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #events: UserEvents;
  readonly #intents: Intents;
  #joinsIgnoringOld = 0;

  constructor(context: SerfContext, members: SerfMembers, events: UserEvents, intents: Intents) {
    this.#context = context;
    this.#members = members;
    this.#events = events;
    this.#intents = intents;
  }

  /** Begins a join. Unless `replay`, user events that were sent before the join are ignored. */
  beginJoin(replay: boolean): void {
    if (!replay) this.#joinsIgnoringOld += 1;
  }

  /** Ends what {@link beginJoin} began. */
  endJoin(replay: boolean): void {
    if (!replay) this.#joinsIgnoringOld -= 1;
  }

  /** Returns our state, encoded. */
  encode(): Uint8Array {
    const { clocks } = this.#context;
    return encodePushPull({
      lamportTime: clocks.members.time,
      ...this.#members.shared(),
      eventTime: clocks.events.time,
      events: this.#events.slots(),
      queryTime: clocks.queries.time,
    });
  }

  /** Merges a peer's state. `join` is true if the push/pull is part of a join. */
  merge(now: number, bytes: Uint8Array, join: boolean): void {
    const { clocks } = this.#context;
    let state: PushPullMessage;
    try {
      state = decodePushPull(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode remote state: ${error.message}`, "stream");
      return;
    }
    // The peer's clocks are the next values that it will use, so the last used ones are one lower.
    if (state.lamportTime > 0n) clocks.members.witness(state.lamportTime - 1n);
    if (state.eventTime > 0n) clocks.events.witness(state.eventTime - 1n);
    if (state.queryTime > 0n) clocks.queries.witness(state.queryTime - 1n);
    this.#mergeIntents(now, state);
    if (join && this.#joinsIgnoringOld > 0) this.#events.ignoreBefore(state.eventTime);
    // They come in the order of the peer's ring, which begins anywhere.
    const slots = [...state.events].sort((a, b) => (a.lamportTime < b.lamportTime ? -1 : 1));
    for (const slot of slots) {
      if (!clocks.events.plausible(slot.lamportTime)) continue;
      for (const { name, payload } of slot.events) {
        this.#events.receive({
          type: "userEvent",
          lamportTime: slot.lamportTime,
          name,
          payload,
          coalesce: false,
        });
      }
    }
  }

  /** Applies a peer's status times as intents. */
  #mergeIntents(now: number, { statusTimes, leftMembers }: PushPullMessage): void {
    const { clocks, local, state } = this.#context;
    const left = new Set(leftMembers);
    for (const node of left) {
      // A member that we know to have left needs no intent. Its time would grow by one with every
      // exchange between two nodes, and overtake the time of the member's next join.
      if (this.#members.find(node)?.status === "left") continue;
      const lamportTime = (statusTimes.get(node) ?? 0n) + 1n;
      if (clocks.members.plausible(lamportTime)) {
        this.#intents.apply(now, { type: "leave", lamportTime, node, prune: false }, false);
      }
    }
    const own = this.#members.statusTime(local.name);
    for (const [node, lamportTime] of statusTimes) {
      if (left.has(node) || !clocks.members.plausible(lamportTime)) continue;
      this.#intents.apply(now, { type: "join", lamportTime, node }, false);
    }
    // Somebody accepted an intent about this node that is newer than its own latest one, for example
    // a leave from before it returned: a newer join corrects that.
    const theirs = statusTimes.get(local.name) ?? 0n;
    if (state === "alive" && own !== undefined && theirs > own && clocks.members.plausible(theirs)) {
      this.#intents.announceJoin(now);
    }
  }
}
