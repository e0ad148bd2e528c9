/**
 * How Serf's layer encodes and decodes its messages. Queries and their answers are always msgpack.
 * Outside of a codec, encoded messages are opaque: nothing reads more of them than their length.
 */

import type { Coordinate } from "../../coordinate/coordinate.ts";
import type { Job } from "../../jobs.ts";
import { DecodedEvents } from "./decoded_events.ts";
import { encodeUserEvent } from "./encoding.ts";
import {
  decodeMessage,
  encodeIntent,
  type JoinIntent,
  type LeaveIntent,
  type SerfMessage,
  SerfMessageType,
  type UserEventMessage,
} from "./messages.ts";
import { decodeCoordinate, encodeCoordinate } from "./ping_payload.ts";
import { decodePushPull, encodePushPull, type PushPullMessage } from "./push_pull.ts";

/** Encodes and decodes the messages that nodes gossip, and what they add to push/pulls and acks. */
export interface SerfCodec {
  /** Encodes a leave or join intent. */
  encodeIntent(intent: LeaveIntent | JoinIntent): Uint8Array;
  /** Encodes a user event. */
  encodeUserEvent(event: UserEventMessage): Uint8Array;
  /**
   * Decodes a message. Returns `undefined` if its type is unknown, or is one that only occurs inside
   * others. Throws WireError if it is malformed.
   */
  decodeMessage(bytes: Uint8Array): SerfMessage | undefined;
  /** Encodes Serf's part of a push/pull. */
  encodePushPull(state: PushPullMessage): Job<Uint8Array>;
  /** Decodes Serf's part of a push/pull. Throws WireError if it is malformed or of another type. */
  decodePushPull(bytes: Uint8Array): Job<PushPullMessage>;
  /** Encodes the payload of an ack. */
  encodeCoordinate(coordinate: Coordinate): Uint8Array;
  /**
   * Decodes the payload of an ack. Returns `undefined` if its version is not known. Throws WireError
   * if it is malformed.
   */
  decodeCoordinate(payload: Uint8Array): Coordinate | undefined;
}

/** Serf's own encoding. */
export const msgpackCodec: SerfCodec = {
  encodeIntent,
  encodeUserEvent,
  decodeMessage,
  encodePushPull,
  decodePushPull,
  encodeCoordinate,
  decodeCoordinate,
};

/** Returns Serf's own encoding for one node, which decodes an event that it gets again only once. */
export function recallingCodec(): SerfCodec {
  const decoded = new DecodedEvents();
  return {
    ...msgpackCodec,
    decodeMessage(bytes) {
      if (bytes[0] !== SerfMessageType.userEvent) return decodeMessage(bytes);
      const known = decoded.find(bytes);
      if (known !== undefined) return known;
      const message = decodeMessage(bytes);
      if (message?.type === "userEvent") decoded.keep(bytes, message);
      return message;
    },
  };
}
