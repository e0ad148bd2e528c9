/**
 * Holds what is handed over as it is against the real codec: one in some datagrams and frames is
 * encoded and decoded again, and has to have its size and come out equal.
 */

import { equalBytes } from "../../../../src/core/bytes.ts";
import type { Codec } from "../../../../src/core/wire/codec.ts";
import type { PacketMessage, StreamMessage } from "../../../../src/core/wire/messages.ts";
import { Datagram, type Frame, type Part, payloadOf, plainOf } from "./parts.ts";

/** How much is compared. */
export interface ComparisonOptions {
  /** One in so many datagrams, and frames, is compared with the real codec. */
  readonly compareEvery: number;
  /**
   * Whether every message is frozen when it is sent, and has to have the same bytes when it arrives:
   * a node that changes a message, which it shares with others, is found. This costs what the real
   * codec costs.
   */
  readonly guarded: boolean;
}

/** Returns the bytes for which something stands. */
interface Encoder {
  bytesOf(sealed: Datagram | Frame): Uint8Array;
}

/** Compares with the real codec. What is unequal throws. */
export class Comparison {
  readonly #encoder: Encoder;
  readonly #real: Codec;
  readonly #options: ComparisonOptions;
  /** The bytes at the time of sending, if messages are guarded. */
  readonly #sent = new WeakMap<Datagram | Frame, Uint8Array>();
  #arrived = 0;
  #compared = 0;

  constructor(encoder: Encoder, real: Codec, options: ComparisonOptions) {
    this.#encoder = encoder;
    this.#real = real;
    this.#options = options;
  }

  /** The number of datagrams and frames that were compared. */
  get compared(): number {
    return this.#compared;
  }

  /** Takes notice of what is sent. */
  sealed(sealed: Datagram | Frame): void {
    if (!this.#options.guarded) return;
    freeze(sealed);
    this.#sent.set(sealed, this.#encoder.bytesOf(sealed));
  }

  /** Compares what arrives, if its turn has come. */
  arrived(sealed: Datagram | Frame): void {
    const { compareEvery, guarded } = this.#options;
    if (guarded) {
      const sent = this.#sent.get(sealed);
      if (sent === undefined || !equalBytes(sent, this.#encoder.bytesOf(sealed))) {
        throw new Error(`A message was changed on its way: ${describe(sealed)}`);
      }
    }
    this.#arrived += 1;
    if (this.#arrived % compareEvery === 0) this.#compare(sealed);
  }

  #compare(sealed: Datagram | Frame): void {
    this.#compared += 1;
    const bytes = this.#encoder.bytesOf(sealed);
    if (bytes.length !== sealed.length) {
      throw new Error(`A message has ${bytes.length} bytes, not ${sealed.length}: ${describe(sealed)}`);
    }
    const parts: readonly Part[] = sealed instanceof Datagram ? sealed.messages : [sealed.message];
    const decoded = sealed instanceof Datagram ? this.#open(bytes) : [this.#read(bytes)];
    const isEqual =
      decoded.length === parts.length && parts.every((part, index) => sameMessage(part, decoded[index]));
    if (!isEqual) throw new Error(`A message is another one as bytes: ${describe(sealed)}`);
  }

  #open(bytes: Uint8Array): readonly PacketMessage[] {
    return this.#real.open(bytes, { verifyIncoming: true }).messages;
  }

  #read(bytes: Uint8Array): StreamMessage | undefined {
    const reader = this.#real.reader({ accepting: false, verifyIncoming: true });
    let message = reader.push(bytes);
    while (message === undefined && reader.large) message = reader.decode();
    return message;
  }
}

/** Whether a part is equal to a message that was decoded, with all that it carries. */
function sameMessage(part: Part, decoded: PacketMessage | StreamMessage | undefined): boolean {
  const plain = plainOf(part);
  if (!isEqual(plain, decoded)) return false;
  const payload = payloadOf(part);
  if (payload === undefined) return true;
  return isEqual(payload.message, payload.decode(payload.encode()));
}

/** Whether two values of a message are equal: records, lists, maps, bytes, texts and numbers. */
function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && equalBytes(a, b);
  }
  if (a instanceof Map && b instanceof Map) return isEqual([...a], [...b]);
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}

/** Freezes records and lists. Bytes and maps cannot be frozen. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

function describe(sealed: Datagram | Frame): string {
  const parts: readonly Part[] = sealed instanceof Datagram ? sealed.messages : [sealed.message];
  return parts.map(({ type }) => type).join(", ");
}
