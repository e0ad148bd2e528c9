/**
 * Serf's part of a push/pull: what we send with the membership layer's state, and how a peer's is
 * merged (serf `LocalState`, `MergeRemoteState`). Both go in slices if the state is large. A peer's
 * state is not broadcast again, because every node receives it by push/pulls of its own.
 */

import type { Job, Turn } from "../jobs.ts";
import type { StateExchange } from "../swim/application.ts";
import { WireError } from "../wire/error.ts";
import type { SerfContext } from "./context.ts";
import { log } from "./context.ts";
import type { UserEvents } from "./events/user_events.ts";
import type { Intents } from "./members/intents.ts";
import type { SerfMembers } from "./members/members.ts";
import type { EventSlot, PushPullMessage } from "./wire/push_pull.ts";

/** How many names are merged at once. A ping waits no longer than that takes. */
const namesAtOnce = 1_024;

/** How many event slots are sorted at once. */
const slotsAtOnce = 4_096;

/**
 * How many bytes of events are merged at once, where each event counts as a number of bytes besides
 * its payload. Each is compared with up to 256 others of its time.
 */
const eventCostAtOnce = 16_384;
const eventCost = 128;

/** Encodes our state and merges that of peers. */
export class SharedState {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #events: UserEvents;
  readonly #intents: Intents;
  #joins = 0;
  #joinsIgnoringOld = 0;

  constructor(context: SerfContext, members: SerfMembers, events: UserEvents, intents: Intents) {
    this.#context = context;
    this.#members = members;
    this.#events = events;
    this.#intents = intents;
  }

  /** Begins a join. Unless `replay`, user events that were sent before the join are ignored. */
  beginJoin(replay: boolean): void {
    this.#joins += 1;
    if (!replay) this.#joinsIgnoringOld += 1;
  }

  /** Ends what {@link beginJoin} began. */
  endJoin(replay: boolean): void {
    this.#joins -= 1;
    if (!replay) this.#joinsIgnoringOld -= 1;
  }

  /** Returns our state, encoded. */
  *encode(): Job<Uint8Array> {
    const { clocks, serfCodec } = this.#context;
    const members = yield* this.#members.shared();
    // Read the clocks last, so that they are above all times in the state.
    return yield* serfCodec.encodePushPull({
      lamportTime: clocks.members.time,
      ...members,
      eventTime: clocks.events.time,
      events: this.#events.slots(),
      queryTime: clocks.queries.time,
    });
  }

  /** Merges a peer's state. */
  *merge(turn: Turn, bytes: Uint8Array, { join, reply }: StateExchange): Job {
    const { clocks, serfCodec } = this.#context;
    let state: PushPullMessage;
    try {
      state = yield* serfCodec.decodePushPull(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      log(this.#context, "ERR", `Failed to decode remote state: ${error.message}`, "stream");
      return;
    }
    // The peer's clocks are the next values that it will use, so the last used ones are one lower.
    const joins = join && reply && this.#joins > 0;
    const pairs = [
      [clocks.members, state.lamportTime],
      [clocks.events, state.eventTime],
      [clocks.queries, state.queryTime],
    ] as const;
    for (const [clock, next] of pairs) {
      if (next > 0n && joins) clock.join(next - 1n);
      else if (next > 0n) clock.witness(next - 1n);
    }
    // Decide before the first `yield`: a join that ends meanwhile still ignores what was before it.
    const ignoresOld = join && this.#joinsIgnoringOld > 0;
    yield* this.#mergeIntents(turn, state);
    if (ignoresOld) this.#events.ignoreBefore(state.eventTime);
    yield* this.#mergeEvents(state.events);
  }

  /** Applies a peer's status times as intents. */
  *#mergeIntents(turn: Turn, { statusTimes, leftMembers }: PushPullMessage): Job {
    const { clocks, local } = this.#context;
    const left = new Set<string>();
    let count = 0;
    for (const node of leftMembers) {
      if (++count % namesAtOnce === 0) yield;
      if (left.has(node)) continue;
      left.add(node);
      // A member that we know to have left needs no intent. Its time would grow by one with every
      // exchange between two nodes, and overtake the time of the member's next join.
      const known = statusTimes.get(node) ?? 0n;
      if (this.#members.confirmLeft(node, known)) continue;
      const lamportTime = known + 1n;
      if (clocks.members.plausible(lamportTime)) {
        this.#intents.apply(turn.now, { type: "leave", lamportTime, node, prune: false }, false);
      }
    }
    for (const [node, lamportTime] of statusTimes) {
      if (++count % namesAtOnce === 0) yield;
      if (node === local.name || left.has(node) || !clocks.members.plausible(lamportTime)) continue;
      this.#intents.apply(turn.now, { type: "join", lamportTime, node }, false);
    }
    this.#mergeOwnTime(turn.now, statusTimes.get(local.name) ?? 0n, left.has(local.name));
  }

  /**
   * Compares the time that a peer has for this node with our own. If somebody accepted an intent about
   * this node that is newer than its own latest one, for example a leave from before it returned, a
   * newer join corrects that. A node that leaves or left knows better whether it returned.
   */
  #mergeOwnTime(now: number, theirs: bigint, hasLeft: boolean): void {
    const { clocks, local, state } = this.#context;
    if (state !== "alive" || !clocks.members.plausible(theirs)) return;
    const own = this.#members.statusTime(local.name);
    if (!hasLeft) this.#intents.apply(now, { type: "join", lamportTime: theirs, node: local.name }, false);
    if (own !== undefined && theirs > own) this.#intents.announceJoin(now);
  }

  /** Delivers a peer's events that are new, in the order of their times. */
  *#mergeEvents(slots: readonly EventSlot[]): Job {
    const { clocks } = this.#context;
    let cost = 0;
    // They come in the order of the peer's ring, which begins anywhere.
    for (const { lamportTime, events } of yield* sorted(slots)) {
      if (!clocks.events.plausible(lamportTime)) continue;
      for (const { name, payload } of events) {
        this.#events.receive({ type: "userEvent", lamportTime, name, payload, coalesce: false });
        cost += eventCost + (payload?.length ?? 0);
        if (cost < eventCostAtOnce) continue;
        yield;
        cost = 0;
      }
    }
  }
}

/** Sorts slots by their times, a large number of them in slices. */
function* sorted(slots: readonly EventSlot[]): Job<readonly EventSlot[]> {
  let runs: EventSlot[][] = [];
  for (let at = 0; at < slots.length; at += slotsAtOnce) {
    if (at > 0) yield;
    runs.push(slots.slice(at, at + slotsAtOnce).sort((a, b) => (a.lamportTime < b.lamportTime ? -1 : 1)));
  }
  while (runs.length > 1) {
    const merged: EventSlot[][] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* mergeRuns(runs[at]!, runs[at + 1] ?? []));
    runs = merged;
  }
  return runs[0] ?? [];
}

/** Merges two sorted runs. */
function* mergeRuns(first: readonly EventSlot[], second: readonly EventSlot[]): Job<EventSlot[]> {
  const merged: EventSlot[] = [];
  for (let a = 0, b = 0; a < first.length || b < second.length; ) {
    const isFirst =
      b === second.length || (a < first.length && first[a]!.lamportTime <= second[b]!.lamportTime);
    merged.push(isFirst ? first[a++]! : second[b++]!);
    if (merged.length % slotsAtOnce === 0) yield;
  }
  return merged;
}
