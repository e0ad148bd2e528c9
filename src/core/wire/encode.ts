/**
 * Encodes messages, those of one object in one call into the WebAssembly module, and push/pulls in
 * batches of entries.
 */

import type { Job } from "../jobs.ts";
import { MessageType, Shape, Size, Slot } from "./abi.ts";
import type { Engine } from "./engine.ts";
import type { Engines } from "./engines.ts";
import { Limits } from "./limits.ts";
import type { NodeState, PushPull } from "./messages.ts";
import { Draft, fieldsSize, type ObjectMessage } from "./records.ts";

/** How many entries of a push/pull, and how many bytes, are encoded at once: some milliseconds of work. */
const entriesAtOnce = 2_048;
const bytesAtOnce = 262_144;

/** What an encoded object has at most besides its text and bytes: keys, numbers and lengths. */
const objectOverhead = 128;

/** Returns how many bytes a message or an entry has at most when it is encoded. */
export function encodedMax(message: ObjectMessage | NodeState): number {
  return fieldsSize(message) + objectOverhead;
}

/** Encodes a message, type byte first. */
export function encodeObject(engines: Engines, message: ObjectMessage): Uint8Array {
  const engine = engines.take(encodedMax(message), fieldsSize(message));
  const draft = new Draft(engine);
  const type = draft.write(message);
  return encoded(engines, engine, engine.run.encode(type, draft.size));
}

/** Encodes the header of a user message in the form for streams, type byte first. */
export function encodeUserHeader(engines: Engines, payloadSize: number): Uint8Array {
  const engine = engines.permanent;
  new Draft(engine).number(Slot.number, payloadSize);
  return encoded(engines, engine, engine.run.encode(MessageType.user, 0));
}

/** Encodes a push/pull in slices. Returns the message in pieces. */
export function* encodeState(engines: Engines, message: PushPull): Job<Uint8Array[]> {
  const { join, nodes, userState } = message;
  const pieces = [encodeStateHeader(engines, { join, count: nodes.length, userSize: userState.length })];
  let entries = 0;
  let bytes = 0;
  for (let next = 0; next < nodes.length; ) {
    if (entries >= entriesAtOnce || bytes >= bytesAtOnce) {
      yield;
      entries = 0;
      bytes = 0;
    }
    const until = Math.min(nodes.length, next + entriesAtOnce - entries, next + Size.recordsMax);
    const batch = encodeBatch(engines, nodes, { from: next, until });
    pieces.push(batch.bytes);
    bytes += batch.bytes.length;
    entries += batch.next - next;
    next = batch.next;
  }
  pieces.push(userState);
  return pieces;
}

interface StateHeader {
  readonly join: boolean;
  readonly count: number;
  readonly userSize: number;
}

function encodeStateHeader(engines: Engines, { join, count, userSize }: StateHeader): Uint8Array {
  const engine = engines.permanent;
  const draft = new Draft(engine);
  draft.number(Slot.flag, join ? 1 : 0);
  draft.number(Slot.number, count);
  draft.number(Slot.port, userSize);
  return encoded(engines, engine, engine.run.encode(MessageType.pushPull, 0));
}

interface Batch {
  readonly bytes: Uint8Array;
  /** The index of the entry after the batch. */
  readonly next: number;
}

/**
 * Encodes entries from `from` on: at least one, and no more than certainly fit a packet, for which
 * the permanent instance has room.
 */
function encodeBatch(
  engines: Engines,
  nodes: readonly NodeState[],
  { from, until }: { readonly from: number; readonly until: number },
): Batch {
  const engine = engines.take(encodedMax(nodes[from]!), fieldsSize(nodes[from]!));
  const draft = new Draft(engine);
  let room = Limits.packet - encodedMax(nodes[from]!);
  let next = from;
  do {
    draft.begin(next - from);
    draft.write(nodes[next]!);
    next += 1;
    if (next < until) room -= encodedMax(nodes[next]!);
  } while (next < until && room >= 0);
  const length = engine.run.encodeMany(Shape.nodeState, next - from, draft.size);
  return { bytes: encoded(engines, engine, length), next };
}

/** Returns a copy of what was encoded, and gives back the instance if it is a large one. */
function encoded(engines: Engines, engine: Engine, length: number): Uint8Array {
  const bytes = engine.copy(engine.input, length);
  if (engine !== engines.permanent) engines.giveBack(engine);
  return bytes;
}
