/**
 * Serf's messages handed over as they are, with the size that their bytes would have. Queries and
 * their replies travel as bytes on this path too.
 */

import type { Coordinate } from "../../../../src/core/coordinate/coordinate.ts";
import { finish, type Job } from "../../../../src/core/jobs.ts";
import { encodeUserEvent } from "../../../../src/core/serf/wire/encoding.ts";
import {
  encodeIntent,
  type JoinIntent,
  type LeaveIntent,
  type SerfMessage,
  type UserEventMessage,
} from "../../../../src/core/serf/wire/messages.ts";
import { encodeCoordinate } from "../../../../src/core/serf/wire/ping_payload.ts";
import { encodePushPull, type PushPullMessage } from "../../../../src/core/serf/wire/push_pull.ts";
import { msgpackCodec, type SerfCodec } from "../../../../src/core/serf/wire/serf_codec.ts";
import type { User } from "../../../../src/core/wire/messages.ts";
import { coordinateSize, intentSize, statusSize, userEventSize } from "./sizes.ts";

/** Stands for the bytes of a message of Serf. */
export abstract class Payload<Message> {
  readonly message: Message;
  readonly length: number;
  /** The user message that carries it. */
  readonly carrier: Sized<User>;

  constructor(message: Message, length: number) {
    this.message = message;
    this.length = length;
    this.carrier = { type: "user", payload: asBytes(this), length: 1 + length };
  }

  /** Returns the bytes for which it stands. */
  abstract encode(): Uint8Array;
  /** Returns the message that bytes contain. */
  abstract decode(bytes: Uint8Array): unknown;
}

/** A message with the size of its bytes. */
export type Sized<Message> = Message & { readonly length: number };

/**
 * Lets something that stands for bytes pass as bytes. Outside of a codec nothing looks at more than
 * the length.
 */
export function asBytes(standIn: { readonly length: number }): Uint8Array {
  return standIn as unknown as Uint8Array;
}

/** Returns the bytes that a payload is, or for which it stands. */
export function payloadBytes(payload: Uint8Array | Payload<unknown>): Uint8Array {
  return payload instanceof Payload ? payload.encode() : payload;
}

/** Hands Serf's messages over as they are. All nodes of a world can share it. */
export const structuralSerfCodec: SerfCodec = {
  encodeIntent: (intent) => asBytes(new IntentPayload(intent, intentSize(intent))),
  encodeUserEvent: (event) => asBytes(new EventPayload(event, userEventSize(event))),
  decodeMessage: (bytes) => content<SerfMessage>(bytes) ?? msgpackCodec.decodeMessage(bytes),
  encodePushPull: (state) => done(asBytes(new StatePayload(state, statusSize(state)))),
  decodePushPull: (bytes) => {
    const state = content<PushPullMessage>(bytes);
    return state === undefined ? msgpackCodec.decodePushPull(bytes) : done(state);
  },
  encodeCoordinate: (coordinate) =>
    asBytes(new CoordinatePayload(coordinate, coordinateSize(coordinate.vec.length))),
  decodeCoordinate: (payload) => content<Coordinate>(payload) ?? msgpackCodec.decodeCoordinate(payload),
};

/** A job that is done in its first slice. */
// biome-ignore lint/correctness/useYield: there is nothing to do.
export function* done<Result>(result: Result): Job<Result> {
  return result;
}

/** Returns the message for which something stands; `undefined` for real bytes. */
function content<Message>(bytes: Uint8Array | Payload<Message>): Message | undefined {
  return bytes instanceof Payload ? bytes.message : undefined;
}

class IntentPayload extends Payload<JoinIntent | LeaveIntent> {
  encode(): Uint8Array {
    return encodeIntent(this.message);
  }

  decode(bytes: Uint8Array): unknown {
    return msgpackCodec.decodeMessage(bytes);
  }
}

class EventPayload extends Payload<UserEventMessage> {
  encode(): Uint8Array {
    return encodeUserEvent(this.message);
  }

  decode(bytes: Uint8Array): unknown {
    return msgpackCodec.decodeMessage(bytes);
  }
}

class StatePayload extends Payload<PushPullMessage> {
  encode(): Uint8Array {
    return finish(encodePushPull(this.message));
  }

  decode(bytes: Uint8Array): unknown {
    return finish(msgpackCodec.decodePushPull(bytes));
  }
}

class CoordinatePayload extends Payload<Coordinate> {
  encode(): Uint8Array {
    return encodeCoordinate(this.message);
  }

  decode(bytes: Uint8Array): unknown {
    return msgpackCodec.decodeCoordinate(bytes);
  }
}
