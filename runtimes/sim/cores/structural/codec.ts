/**
 * A codec that hands messages over as they are, with the size that their bytes would have, so that a
 * large simulated cluster spends its time on the protocol. Packing, budgets, rules, order and times
 * are those of real bytes, and so is the history; `Comparison` holds it against the real codec.
 */

import type { Job } from "../../../../src/core/jobs.ts";
import type { Codec } from "../../../../src/core/wire/codec.ts";
import { Limits } from "../../../../src/core/wire/limits.ts";
import type {
  MessageCodec,
  MessageReader,
  OpenedPacket,
  PacketOptions,
  ReaderOptions,
} from "../../../../src/core/wire/message_codec.ts";
import type { PacketMessage, PushPull, StreamMessage } from "../../../../src/core/wire/messages.ts";
import { Comparison, type ComparisonOptions } from "./comparison.ts";
import { Datagram, Frame, type Part, partOf, plainOf } from "./parts.ts";
import { asBytes, done, type Sized } from "./payloads.ts";

/** Hands messages over as they are. All nodes of a world share one. */
export class StructuralCodec implements MessageCodec {
  readonly keys: readonly Uint8Array[] = [];
  readonly encrypted = false;
  readonly encryptionOverhead = 0;
  readonly labelHeader: Uint8Array = new Uint8Array(0);
  readonly #real: Codec;
  readonly #comparison: Comparison;

  /** `real` has no keys and no label, and does not compress. */
  constructor(real: Codec, options: ComparisonOptions) {
    this.#real = real;
    this.#comparison = new Comparison(this, real, options);
  }

  /** The number of datagrams and frames that went through the real codec as well. */
  get compared(): number {
    return this.#comparison.compared;
  }

  /** @inheritdoc */
  setKeys(): void {
    throw new Error("Cannot install keys: messages are handed over as they are");
  }

  /** @inheritdoc */
  encode(message: PacketMessage | StreamMessage): Uint8Array {
    return asBytes(partOf(message));
  }

  /** @inheritdoc */
  encodeState(message: PushPull): Job<Uint8Array[]> {
    return done([asBytes(partOf(message))]);
  }

  /** @inheritdoc */
  seal(parts: readonly Uint8Array[], { crc }: Pick<PacketOptions, "crc">): Uint8Array {
    const datagram = new Datagram(parts as unknown as Sized<PacketMessage>[], crc);
    // The real codec knows what does not fit a packet, and says so.
    if (datagram.length > Limits.packet || parts.length > Limits.parts) return this.bytesOf(datagram);
    this.#comparison.sealed(datagram);
    return asBytes(datagram);
  }

  /** @inheritdoc */
  sealMessage(message: PacketMessage, options: PacketOptions): Uint8Array {
    return this.seal([this.encode(message)], options);
  }

  /** @inheritdoc */
  open(packet: Uint8Array | Datagram, options: { readonly verifyIncoming: boolean }): OpenedPacket {
    if (!(packet instanceof Datagram)) return this.#real.open(packet, options);
    this.#comparison.arrived(packet);
    return packet;
  }

  /** @inheritdoc */
  sealStream(message: Uint8Array): Uint8Array {
    const frame = new Frame(message as unknown as Sized<StreamMessage>);
    this.#comparison.sealed(frame);
    return asBytes(frame);
  }

  /** @inheritdoc */
  sealPieces(pieces: readonly Uint8Array[]): Job<Uint8Array> {
    return done(this.sealStream(pieces[0]!));
  }

  /** @inheritdoc */
  reader(options: ReaderOptions): MessageReader {
    return new StructuralReader(() => this.#real.reader(options), this.#comparison);
  }

  /** Returns the bytes that a datagram or a frame is, or for which it stands. */
  bytesOf(sealed: Uint8Array | Datagram | Frame): Uint8Array {
    if (sealed instanceof Datagram) {
      const parts = sealed.messages.map((part) => this.#bytesOfPart(part));
      return this.#real.seal(parts, { crc: sealed.crc, encrypt: false });
    }
    if (!(sealed instanceof Frame)) return sealed;
    const message = this.#bytesOfPart(sealed.message);
    return this.#real.sealStream(message, { encrypt: false, labelHeader: false });
  }

  #bytesOfPart(part: Part): Uint8Array {
    return this.#real.encode(plainOf(part));
  }
}

/** Reads one message. Frames are whole, because nothing on a stream is lost or damaged. */
class StructuralReader implements MessageReader {
  readonly encryptedSize = undefined;
  readonly #createReal: () => MessageReader;
  readonly #comparison: Comparison;
  /** Reads real bytes, which somebody sent who is no member. */
  #real: MessageReader | undefined;
  #done = false;
  #large: StreamMessage | undefined;

  constructor(createReal: () => MessageReader, comparison: Comparison) {
    this.#createReal = createReal;
    this.#comparison = comparison;
  }

  /** @inheritdoc */
  get large(): boolean {
    return this.#real?.large ?? this.#large !== undefined;
  }

  /** @inheritdoc */
  push(frame: Uint8Array | Frame): StreamMessage | undefined {
    if (!(frame instanceof Frame)) {
      this.#real ??= this.#createReal();
      return this.#real.push(frame);
    }
    if (this.#done) return undefined;
    this.#done = true;
    this.#comparison.arrived(frame);
    if (frame.length <= Limits.packet) return frame.message;
    this.#large = frame.message;
    return undefined;
  }

  /** @inheritdoc */
  decode(): StreamMessage | undefined {
    if (this.#real !== undefined) return this.#real.decode();
    const message = this.#large;
    this.#large = undefined;
    return message;
  }

  /** @inheritdoc */
  end(): boolean {
    return this.#real?.end() ?? this.#done;
  }
}
