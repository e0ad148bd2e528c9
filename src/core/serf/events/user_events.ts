/**
 * Sends and receives user events: checks their size, gives them a Lamport time, drops duplicates,
 * and delivers each once (serf `UserEvent`, `handleUserEvent`).
 */

import { SerfError } from "../../../errors.ts";
import { equalBytes, noBytes, utf8Length } from "../../bytes.ts";
import type { UserEvent } from "../api.ts";
import { SerfLimits, userEventSizeMax } from "../config.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfQueues } from "../queues.ts";
import { encodeUserEvent } from "../wire/encoding.ts";
import type { UserEventMessage } from "../wire/messages.ts";
import type { EventSlot } from "../wire/push_pull.ts";
import { ReplayRing } from "./replay_ring.ts";
import { Sequencer } from "./sequencer.ts";

interface SeenEvent {
  readonly name: string;
  readonly payload: Uint8Array | null;
}

/** How user events are delivered. */
export interface DeliveryOptions {
  /** How long an event waits for those before it. */
  readonly holdMs: number;
}

/** What the encoding of an event adds to its name and payload in bytes, at most. */
const entryOverhead = 64;

/** Sends and receives user events. */
export class UserEvents {
  readonly #context: SerfContext;
  readonly #queues: SerfQueues;
  readonly #ring: ReplayRing<SeenEvent>;
  readonly #sequencer: Sequencer;

  constructor(context: SerfContext, queues: SerfQueues, { holdMs }: DeliveryOptions) {
    this.#context = context;
    this.#queues = queues;
    const budget = { sizeOf, max: SerfLimits.eventBytes };
    this.#ring = new ReplayRing(context.config.eventBuffer, sameEvent, budget);
    this.#sequencer = new Sequencer(holdMs);
  }

  /**
   * Sends one event: delivers it here, then broadcasts it. An event that does not fit a packet is
   * not broadcast; it spreads by push/pulls alone. Throws SerfError (ERR_LIMIT) if it is too large;
   * then nothing happened.
   */
  send(name: string, payload: Uint8Array, coalesce: boolean): void {
    const { config, clocks, serfCodec } = this.#context;
    const limit = config.userEventSizeLimit;
    const size = utf8Length(name) + payload.length;
    if (size > limit) throw tooLarge("user event", `configured limit of ${limit}`, "before");
    if (size > userEventSizeMax) throw tooLarge("user event", `sane limit of ${userEventSizeMax}`, "before");
    const lamportTime = clocks.events.time;
    // Encode an empty payload as nil, as Go's command line does.
    const sent = payload.length === 0 ? null : payload;
    const message: UserEventMessage = { type: "userEvent", lamportTime, name, payload: sent, coalesce };
    const bytes = serfCodec.encodeUserEvent(message);
    if (bytes.length > limit) throw tooLarge("encoded user event", `configured limit of ${limit}`, "after");
    if (bytes.length > userEventSizeMax) {
      throw tooLarge("encoded user event", `reasonable limit of ${userEventSizeMax}`, "after");
    }
    // What others sent before this event is delivered before it.
    this.#emit(this.#sequencer.skipTo(lamportTime));
    this.receive(message);
    if (!this.#queues.events.queue(bytes, undefined)) {
      const text = `user event ${name} has ${bytes.length} bytes, too many for gossip: it spreads by push/pull alone`;
      log(this.#context, "WARN", text);
    }
  }

  /** Handles one event. Returns true if it is new and has to be broadcast again. */
  receive(message: UserEventMessage): boolean {
    if (!mayBeSent(message)) {
      const text = `Ignoring user event ${message.name.slice(0, 64)}: it is larger than ${userEventSizeMax} bytes`;
      log(this.#context, "WARN", text, "event");
      return false;
    }
    const { outbox, clocks } = this.#context;
    const clock = clocks.events;
    const { lamportTime, name, payload, coalesce } = message;
    clock.witness(lamportTime);
    const verdict = this.#ring.add(lamportTime, clock.time, { name, payload });
    if (verdict === "old") {
      const text = `received old event ${name} from time ${lamportTime} (current: ${clock.time})`;
      log(this.#context, "WARN", text, "event");
    }
    if (verdict !== "new") return false;
    const event: UserEvent = Object.freeze({
      type: "user",
      lamportTime,
      name,
      // A copy, because consumers may change the bytes of theirs, and the ring keeps its own.
      payload: payload?.slice() ?? noBytes,
      coalesce,
    });
    outbox.meter?.incr("serf.events", 1);
    outbox.meter?.incr(`serf.events.${name}`, 1);
    this.#emit(this.#sequencer.add(this.#context.now, event));
    return true;
  }

  /** Events before this Lamport time are ignored. */
  get ignoredBefore(): bigint {
    return this.#ring.refusedBefore;
  }

  /** Ignores events before `time`, because they were sent before this node joined or restarted. */
  ignoreBefore(time: bigint): void {
    this.#ring.ignoreBefore(time);
    this.#emit(this.#sequencer.skipTo(time));
  }

  /** Delivers the events that have waited long enough for those before them. */
  expire(now: number): void {
    this.#emit(this.#sequencer.expire(now));
  }

  /** Delivers all events that wait for others. */
  flush(): void {
    this.#emit(this.#sequencer.flush());
  }

  /** Returns the remembered events, to send them with a push/pull. */
  slots(): EventSlot[] {
    return this.#ring.slots().map(({ lamportTime, entries }) => ({ lamportTime, events: [...entries] }));
  }

  #emit(events: readonly UserEvent[]): void {
    const { outbox, timers } = this.#context;
    for (const event of events) outbox.push({ kind: "emit", event });
    const { deadline } = this.#sequencer;
    if (deadline === undefined) timers.delete("heldEvents");
    else timers.set("heldEvents", deadline, { kind: "heldEvents" });
  }
}

function tooLarge(what: string, limit: string, when: "before" | "after"): SerfError {
  return new SerfError("ERR_LIMIT", `${what} exceeds ${limit} bytes ${when} encoding`);
}

/** Returns whether an event is small enough for a member to have sent it. */
function mayBeSent(message: UserEventMessage): boolean {
  // Encode only if it is close to the limit.
  const size = sizeOf(message);
  if (size <= userEventSizeMax) return true;
  return size - entryOverhead <= userEventSizeMax && encodeUserEvent(message).length <= userEventSizeMax;
}

/** Returns the bytes that an event takes in a push/pull, at most. */
function sizeOf({ name, payload }: SeenEvent): number {
  return utf8Length(name) + (payload?.length ?? 0) + entryOverhead;
}

function sameEvent(a: SeenEvent, b: SeenEvent): boolean {
  return a.name === b.name && equalBytes(a.payload ?? noBytes, b.payload ?? noBytes);
}
