/** The messages of memberlist handed over as they are, with the size that their bytes would have. */

import type { OpenedPacket } from "../../../../src/core/wire/message_codec.ts";
import type {
  Alive,
  Dead,
  PacketMessage,
  StreamMessage,
  Suspect,
} from "../../../../src/core/wire/messages.ts";
import { Payload, payloadBytes, type Sized } from "./payloads.ts";
import { messageSize } from "./sizes.ts";

/** What the header of a compound takes, and each part in it. */
const compoundSize = 2;
const partSize = 2;
/** The type byte and the checksum. */
const crcSize = 5;

const noFaults: readonly string[] = [];

/** An encoded message. */
export type Part = Sized<PacketMessage | StreamMessage>;

/**
 * Returns a message as a part. What a node repeats to others is a part already, so that all nodes
 * share one copy.
 */
export function partOf(message: PacketMessage | StreamMessage): Part {
  switch (message.type) {
    case "alive":
      return message instanceof Announcement ? message : new Announcement(message);
    case "suspect":
    case "dead":
      return message instanceof Accusation ? message : new Accusation(message);
    case "user": {
      const payload: Uint8Array | Payload<unknown> = message.payload;
      return payload instanceof Payload ? payload.carrier : { ...message, length: messageSize(message) };
    }
    default:
      return { ...message, length: messageSize(message) };
  }
}

/** Returns the message of a part, whose payload, if there is any, is bytes. */
export function plainOf({ length: _, ...message }: Part): PacketMessage | StreamMessage {
  if (message.type === "user" || message.type === "ack") {
    return message.payload === null ? message : { ...message, payload: payloadBytes(message.payload) };
  }
  if (message.type === "pushPull") return { ...message, userState: payloadBytes(message.userState) };
  return message;
}

/** Returns what a part carries for Serf's layer, if that stands for bytes. */
export function payloadOf(part: Part): Payload<unknown> | undefined {
  const payload: Uint8Array | Payload<unknown> | null =
    part.type === "user" || part.type === "ack"
      ? part.payload
      : part.type === "pushPull"
        ? part.userState
        : null;
  return payload instanceof Payload ? payload : undefined;
}

/** Stands for the bytes of a datagram. */
export class Datagram implements OpenedPacket {
  readonly messages: readonly Sized<PacketMessage>[];
  readonly faults: readonly string[] = noFaults;
  readonly crc: boolean;
  readonly length: number;

  constructor(parts: readonly Sized<PacketMessage>[], crc: boolean) {
    this.messages = parts;
    this.crc = crc;
    let length = crc ? crcSize : 0;
    if (parts.length > 1) length += compoundSize + partSize * parts.length;
    for (let index = 0; index < parts.length; index++) length += parts[index]!.length;
    this.length = length;
  }
}

/** Stands for the bytes of a stream frame, which has one message. */
export class Frame {
  readonly message: Sized<StreamMessage>;
  readonly length: number;

  constructor(message: Sized<StreamMessage>) {
    this.message = message;
    this.length = message.length;
  }
}

class Announcement implements Sized<Alive> {
  readonly type = "alive";
  readonly incarnation: number;
  readonly node: string;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array | null;
  readonly versions: Uint8Array;
  readonly length: number;

  constructor(alive: Alive) {
    this.incarnation = alive.incarnation;
    this.node = alive.node;
    this.address = alive.address;
    this.port = alive.port;
    this.meta = alive.meta;
    this.versions = alive.versions;
    this.length = messageSize(alive);
  }
}

class Accusation {
  readonly type: "suspect" | "dead";
  readonly incarnation: number;
  readonly node: string;
  readonly from: string;
  readonly length: number;

  constructor(message: Suspect | Dead) {
    this.type = message.type;
    this.incarnation = message.incarnation;
    this.node = message.node;
    this.from = message.from;
    this.length = messageSize(message);
  }
}
