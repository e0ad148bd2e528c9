/** The messages and bytes on which codecs are measured, ours and Go's. */

import { randomFillSync } from "node:crypto";
import { Random } from "../../src/core/random.ts";
import { Codec } from "../../src/core/wire/codec.ts";
import type { Alive, NodeState, PacketMessage, PushPull } from "../../src/core/wire/messages.ts";

/** The sizes of the messages that are sealed and opened alone, in bytes. */
export const sizes: readonly number[] = [64, 256, 1400];

/** The source of nonces. */
export const random: Random = new Random((pool) => randomFillSync(pool));

/** The key of AES-256. */
export const key: Uint8Array = new Uint8Array(32).fill(7);

/** A codec with the key, one without, and one that compresses. */
export const codec: Codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
export const plain: Codec = new Codec({ label: "", compression: false, encryptionVersion: 1, random });
export const squeezing: Codec = new Codec({ label: "", compression: true, encryptionVersion: 1, random });
codec.setKeys([key]);

/** Returns a user message of some bytes in all. */
export function userMessage(size: number): Uint8Array {
  return plain.encode({ type: "user", payload: new Uint8Array(size - 1).fill(1) });
}

/** What a member announces. */
export const alive: Alive = {
  type: "alive",
  incarnation: 70_000,
  node: "web-1.example.io",
  address: Uint8Array.of(10, 0, 0, 1),
  port: 7946,
  meta: new Uint8Array(60).fill(9),
  versions: Uint8Array.of(1, 5, 2, 2, 5, 5),
};

const suspect: PacketMessage = {
  type: "suspect",
  incarnation: 9,
  node: "web-2.example.io",
  from: "web-3.example.io",
};
const gossip = [...new Array(6).fill(alive), ...new Array(6).fill(suspect)].map((each) => plain.encode(each));

/** The announcement as a message, and in an encrypted packet. */
export const encodedAlive: Uint8Array = plain.encode(alive);
export const sealedAlive: Uint8Array = codec.seal([encodedAlive], { crc: true, encrypt: true });

/** A packet with twelve messages, plain and encrypted. */
export const compound: Uint8Array = plain.seal(gossip, { crc: true, encrypt: false });
export const sealedCompound: Uint8Array = codec.seal(gossip, { crc: true, encrypt: true });

/** A push/pull of a thousand members, and its bytes. */
export const nodes: readonly NodeState[] = Array.from({ length: 1000 }, (_, index) => ({
  ...alive,
  node: `web-${index}.example.io`,
  state: 0,
}));
export const message: PushPull = { type: "pushPull", join: false, nodes, userState: new Uint8Array(1000) };
export const state: Uint8Array = squeezing.encode(message);
