/**
 * Serf's part of a push/pull on the wire (serf `messagePushPull`). It can be large, so encoding and
 * decoding go in slices.
 */

import type { Job } from "../../jobs.ts";
import { WireError } from "../../wire/error.ts";
import { Limits } from "../../wire/limits.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";
import { SerfMessageType } from "./messages.ts";

/** The user events of one Lamport time. */
export interface EventSlot {
  readonly lamportTime: bigint;
  readonly events: readonly SlotEvent[];
}

/** A user event. `payload` is `null` if it is nil on the wire. */
interface SlotEvent {
  readonly name: string;
  readonly payload: Uint8Array | null;
}

/** Serf's part of a push/pull. */
export interface PushPullMessage {
  readonly lamportTime: bigint;
  readonly statusTimes: ReadonlyMap<string, bigint>;
  readonly leftMembers: readonly string[];
  readonly eventTime: bigint;
  readonly events: readonly EventSlot[];
  readonly queryTime: bigint;
}

/** How many names, events or other values are encoded or decoded at once. */
const valuesAtOnce = 2_048;

/** Encodes Serf's part of a push/pull, type byte included. */
export function* encodePushPull(state: PushPullMessage): Job<Uint8Array> {
  const writer = new MsgpackWriter(SerfMessageType.pushPull).map(6);
  const isDue = every(valuesAtOnce);
  writer.string("EventLTime").uint(state.eventTime).string("Events").array(state.events.length);
  for (const slot of state.events) {
    writer.map(2).string("Events").array(slot.events.length);
    for (const event of slot.events) {
      writer.map(2).string("Name").string(event.name).string("Payload").bytes(event.payload);
      if (isDue()) yield;
    }
    writer.string("LTime").uint(slot.lamportTime);
  }
  writer.string("LTime").uint(state.lamportTime).string("LeftMembers").array(state.leftMembers.length);
  for (const name of state.leftMembers) {
    writer.string(name);
    if (isDue()) yield;
  }
  writer.string("QueryLTime").uint(state.queryTime).string("StatusLTimes").map(state.statusTimes.size);
  for (const [name, time] of state.statusTimes) {
    writer.string(name).uint(time);
    if (isDue()) yield;
  }
  return writer.finish();
}

/** Decodes Serf's part of a push/pull. Throws WireError if it is malformed or of another type. */
export function* decodePushPull(bytes: Uint8Array): Job<PushPullMessage> {
  if (bytes[0] !== SerfMessageType.pushPull)
    throw new WireError(`Remote state has bad type prefix: ${bytes[0]}`);
  return yield* new Decoder(bytes).state();
}

/** Reads the value of one field, in slices if it can be large. */
type FieldReader = () => Job | undefined;

/** Decodes one state. */
class Decoder {
  readonly #reader: MsgpackReader;
  readonly #isDue = every(valuesAtOnce);

  constructor(bytes: Uint8Array) {
    this.#reader = new MsgpackReader(bytes, 1);
  }

  *state(): Job<PushPullMessage> {
    const reader = this.#reader;
    let lamportTime = 0n;
    let eventTime = 0n;
    let queryTime = 0n;
    const statusTimes = new Map<string, bigint>();
    const leftMembers: string[] = [];
    const events: EventSlot[] = [];
    const fields: Record<string, FieldReader> = {
      LTime: () => void (lamportTime = reader.uint64()),
      StatusLTimes: () => this.#statusTimes(statusTimes),
      LeftMembers: () => this.#leftMembers(leftMembers),
      EventLTime: () => void (eventTime = reader.uint64()),
      Events: () => this.#slots(events),
      QueryLTime: () => void (queryTime = reader.uint64()),
    };
    const order = ["LTime", "StatusLTimes", "LeftMembers", "EventLTime", "Events", "QueryLTime"];
    yield* this.#struct(fields, order);
    return { lamportTime, statusTimes, leftMembers, eventTime, events, queryTime };
  }

  *#statusTimes(times: Map<string, bigint>): Job {
    const reader = this.#reader;
    for (let left = checkedNames(reader.mapHeader()); left > 0; left--) {
      const name = reader.string();
      times.set(name, reader.uint64());
      if (this.#isDue()) yield;
    }
  }

  *#leftMembers(names: string[]): Job {
    const reader = this.#reader;
    for (let left = checkedNames(reader.arrayHeader()); left > 0; left--) {
      names.push(reader.string());
      if (this.#isDue()) yield;
    }
  }

  *#slots(slots: EventSlot[]): Job {
    for (let left = this.#reader.arrayHeader(); left > 0; left--) {
      const slot = yield* this.#slot();
      if (slot.events.length > 0) slots.push(slot);
      if (this.#isDue()) yield;
    }
  }

  *#slot(): Job<EventSlot> {
    let lamportTime = 0n;
    const events: SlotEvent[] = [];
    const fields: Record<string, FieldReader> = {
      LTime: () => void (lamportTime = this.#reader.uint64()),
      Events: () => this.#events(events),
    };
    yield* this.#struct(fields, ["LTime", "Events"]);
    return { lamportTime, events };
  }

  *#events(events: SlotEvent[]): Job {
    const reader = this.#reader;
    for (let left = reader.arrayHeader(); left > 0; left--) {
      let name = "";
      let payload: Uint8Array | null = null;
      const fields: Record<string, FieldReader> = {
        Name: () => void (name = reader.string()),
        Payload: () => void (payload = reader.bytes()),
      };
      yield* this.#struct(fields, ["Name", "Payload"]);
      events.push({ name, payload });
      if (this.#isDue()) yield;
    }
  }

  /** Reads a struct like {@link MsgpackReader.struct}, in slices. */
  *#struct(fields: Readonly<Record<string, FieldReader>>, order: readonly string[]): Job {
    const reader = this.#reader;
    const { count, named } = reader.structHeader();
    for (let index = 0; index < count; index++) {
      const key = named ? reader.string() : (order[index] ?? "");
      if (Object.hasOwn(fields, key)) {
        const rest = fields[key]!();
        if (rest !== undefined) yield* rest;
      } else yield* this.#skip(1, 0);
      if (this.#isDue()) yield;
    }
  }

  /** Skips `count` values of any kind. */
  *#skip(count: number, depth: number): Job {
    const reader = this.#reader;
    for (let left = count; left > 0; left--) {
      const inner = reader.collection(depth);
      if (inner === undefined) reader.skip(depth);
      else if (inner > 0) yield* this.#skip(inner, depth + 1);
      if (this.#isDue()) yield;
    }
  }
}

/** Returns `count`. Throws WireError if a state cannot have so many names. */
function checkedNames(count: number): number {
  if (count <= Limits.nodes) return count;
  throw new WireError(`${count} names are more than ${Limits.nodes}`);
}

/** Returns a function that returns true at every call whose number is a multiple of `count`. */
function every(count: number): () => boolean {
  let calls = 0;
  return () => ++calls % count === 0;
}
