/**
 * Encodes messages to bytes and decodes them. Packets and small frames go through one permanent
 * WebAssembly instance with fixed arenas; anything larger through a larger one.
 */

import { SerfError } from "../../errors.ts";
import { keySizes } from "../../go/parse_key.ts";
import { assert } from "../assert.ts";
import { encodeUtf8, noBytes } from "../bytes.ts";
import { finish, type Job } from "../jobs.ts";
import type { Random } from "../random.ts";
import { FrameCode, MessageType, SealFlag, Size } from "./abi.ts";
import { encodedMax, encodeObject, encodeState, encodeUserHeader } from "./encode.ts";
import { type Engine, TextFault } from "./engine.ts";
import { Engines } from "./engines.ts";
import { WireError } from "./error.ts";
import { describeDrop, describeFault } from "./faults.ts";
import { FrameReader } from "./frame.ts";
import { Limits } from "./limits.ts";
import type {
  MessageCodec,
  OpenedPacket,
  PacketOptions,
  ReaderOptions,
  SealOptions,
} from "./message_codec.ts";
import type { PacketMessage, PushPull, StreamMessage } from "./messages.ts";
import { Draft, readMessage } from "./records.ts";
import { FrameDecoder, type FrameHeader, openFrame, readHeader } from "./stream.ts";

/** Settings of a {@link Codec}. */
export interface CodecOptions {
  /** The cluster's label, at most 255 bytes of UTF-8; empty for none. */
  readonly label: string;
  /** Whether outgoing packets and frames are compressed. Incoming ones may be either. */
  readonly compression: boolean;
  /**
   * The version of outgoing encryption: 0 with memberlist protocol 1, else 1. Incoming packets may
   * have either.
   */
  readonly encryptionVersion: 0 | 1;
  /** Source of nonces. */
  readonly random: Random;
}

/** Encodes and decodes the packets and stream frames of one node as memberlist does. */
export class Codec implements MessageCodec {
  readonly #options: CodecOptions;
  readonly #label: Uint8Array;
  readonly #engines: Engines;

  /** Throws SerfError (ERR_OPTION) if the label is too long. */
  constructor(options: CodecOptions) {
    this.#options = options;
    this.#label = encodeUtf8(options.label);
    if (this.#label.length > Size.labelMax) {
      throw new SerfError(
        "ERR_OPTION",
        `label is too long: ${this.#label.length} bytes, maximum ${Size.labelMax}`,
      );
    }
    this.#engines = new Engines(this.#label);
  }

  /**
   * Replaces the key ring, primary key first; an empty list switches encryption off. Throws
   * SerfError (ERR_KEY) if a key does not have 16, 24 or 32 bytes, or (ERR_LIMIT) if there are
   * more than 256; then nothing has changed.
   */
  setKeys(keys: readonly Uint8Array[]): void {
    if (keys.some((key) => !keySizes.includes(key.length))) {
      throw new SerfError("ERR_KEY", "key size must be 16, 24 or 32 bytes");
    }
    if (keys.length > Limits.keys) {
      throw new SerfError(
        "ERR_LIMIT",
        `Cannot install ${keys.length} keys: at most ${Limits.keys} are supported`,
      );
    }
    this.#engines.setKeys(keys.map((key) => key.slice()));
  }

  /** The installed keys, primary first. */
  get keys(): readonly Uint8Array[] {
    return this.#engines.keys;
  }

  /** Whether any key is installed. */
  get encrypted(): boolean {
    return this.keys.length > 0;
  }

  /** The number of bytes that encrypting a packet adds at most (memberlist `encryptOverhead`). */
  get encryptionOverhead(): number {
    const padding = this.#options.encryptionVersion === 0 ? Size.paddingMax : 0;
    return Size.encryptionOverhead + padding;
  }

  /**
   * Encodes a message, type byte first. A user message gets the form for datagrams; {@link
   * encodeStreamUser} returns the form for streams.
   */
  encode(message: PacketMessage | StreamMessage): Uint8Array {
    if (message.type === "user") {
      const bytes = new Uint8Array(1 + message.payload.length);
      bytes[0] = MessageType.user;
      bytes.set(message.payload, 1);
      return bytes;
    }
    if (message.type === "pushPull") return join(finish(this.encodeState(message)));
    return encodeObject(this.#engines, message);
  }

  /** Encodes a push/pull in slices, like {@link encode}. Returns the message in pieces. */
  encodeState(message: PushPull): Job<Uint8Array[]> {
    return encodeState(this.#engines, message);
  }

  /** Encodes a user message in the form for streams: a header with the length, then the payload. */
  encodeStreamUser(payload: Uint8Array): Uint8Array {
    return join([encodeUserHeader(this.#engines, payload.length), payload]);
  }

  /**
   * Decodes a datagram. Parts that are dropped are returned as faults. Throws WireError if the
   * whole datagram is dropped.
   */
  open(packet: Uint8Array, options: { readonly verifyIncoming: boolean }): OpenedPacket {
    if (packet.length > Limits.packet) throw new WireError(`packet of ${packet.length} bytes is too large`);
    const engine = this.#engines.permanent;
    engine.write(packet, engine.input);
    const count = engine.run.open(packet.length, options.verifyIncoming ? 1 : 0);
    if (engine.run.forgotInPacket() !== 0) engine.forgetNames();
    if (count < 0) throw new WireError(describeDrop(count));
    const messages: PacketMessage[] = [];
    const faults = this.#faults();
    for (let index = 0; index < count; index++) {
      try {
        const message = readMessage(engine, index);
        if (message.type !== "error") messages.push(message);
      } catch (error) {
        if (!(error instanceof TextFault)) throw error;
        if (faults.length < Size.faultsMax) faults.push(error.message);
      }
    }
    return { messages, faults };
  }

  /**
   * Builds one datagram from encoded messages: a compound if there are several, compressed if that
   * makes it smaller. Throws SerfError (ERR_LIMIT) if there are more than 127 parts or more bytes
   * than fit a datagram.
   */
  seal(parts: readonly Uint8Array[], options: PacketOptions): Uint8Array {
    assert(parts.length > 0, "a packet has at least one part");
    if (parts.length > Limits.parts) {
      throw new SerfError(
        "ERR_LIMIT",
        `Cannot pack ${parts.length} messages: at most ${Limits.parts} fit a packet`,
      );
    }
    const engine = this.#engines.permanent;
    const words = engine.words;
    let at = engine.input;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      if (at + part.length > engine.input + Limits.packet) {
        throw new SerfError("ERR_LIMIT", `Cannot pack more than ${Limits.packet} bytes into a packet`);
      }
      engine.write(part, at);
      words[engine.recordsWord + index] = part.length;
      at += part.length;
    }
    const length = engine.run.seal(parts.length, this.#packetFlags(engine, options));
    return engine.share(engine.run.result(), length);
  }

  /**
   * Encodes one message and builds a datagram from it alone, like {@link encode} and {@link seal} at
   * once. Throws SerfError (ERR_LIMIT) if it does not fit a datagram.
   */
  sealMessage(message: PacketMessage, options: PacketOptions): Uint8Array {
    if (message.type === "user" || encodedMax(message) > Limits.packet) {
      return this.seal([this.encode(message)], options);
    }
    const engine = this.#engines.permanent;
    const draft = new Draft(engine);
    const type = draft.write(message);
    const length = engine.run.encodeAndSeal(type, draft.size, this.#packetFlags(engine, options));
    return engine.share(engine.run.result(), length);
  }

  /** Builds a stream frame from an encoded message, as {@link sealPieces} does, in one turn. */
  sealStream(message: Uint8Array, options: SealOptions): Uint8Array {
    return finish(this.sealPieces([message], options));
  }

  /**
   * Builds a stream frame from the pieces of an encoded message. A small frame is built at once, a
   * large one in slices. Only the side that dialled sends the label header. The frame is compressed
   * even if that makes it larger, as in memberlist, unless peers would refuse it then.
   */
  *sealPieces(pieces: readonly Uint8Array[], options: SealOptions): Job<Uint8Array> {
    const frame = yield* this.#sealFrame(pieces, options, this.#options.compression);
    const uselessly = this.#options.compression && frame.length > Limits.frame;
    return uselessly ? yield* this.#sealFrame(pieces, options, false) : frame;
  }

  *#sealFrame(
    pieces: readonly Uint8Array[],
    { encrypt, labelHeader }: SealOptions,
    compress: boolean,
  ): Job<Uint8Array> {
    const size = totalSize(pieces);
    const engine = this.#engines.take(size, Math.ceil(1.6 * size) + 64);
    yield* copyInto(engine, pieces);
    const flags = this.#flags(engine, { compress, encrypt });
    let length = engine.run.sealFrame(size, flags, labelHeader ? 1 : 0);
    // The permanent instance is never left with a frame that is not done: what it takes is one part.
    while (length === FrameCode.more) {
      yield;
      length = engine.run.sealMore();
    }
    const frame = engine.copy(engine.run.result(), length);
    this.#engines.giveBack(engine);
    return frame;
  }

  /** @inheritdoc */
  reader(options: ReaderOptions): FrameReader {
    return new FrameReader(this, options);
  }

  /**
   * Decodes one whole stream frame without its label header; for `FrameReader`, which finds its
   * end. Returns `undefined` if the frame is large: then {@link decodeLarge} has to decode it.
   * Throws WireError.
   */
  openFrame(frame: Uint8Array): StreamMessage | undefined {
    if (frame.length > Limits.packet) return undefined;
    const engine = this.#engines.permanent;
    try {
      return openFrame(engine, frame);
    } finally {
      this.#engines.giveBack(engine);
    }
  }

  /** Returns a decoder for a large frame. It takes as much memory as the decompressed message. */
  decodeLarge(frame: Uint8Array): FrameDecoder {
    const engine = this.#engines.takeLarge(frame.length, 0);
    return new FrameDecoder(engine, frame, () => this.#engines.giveBack(engine));
  }

  /**
   * Decodes the header object of a push/pull or user message; for `FrameReader`. Throws WireError.
   */
  header(type: number, object: Uint8Array): FrameHeader {
    return readHeader(this.#engines.permanent, type, object);
  }

  /** @inheritdoc */
  get labelHeader(): Uint8Array {
    const { length } = this.#label;
    return length === 0 ? noBytes : new Uint8Array([MessageType.label, length, ...this.#label]);
  }

  /** The label as UTF-8. */
  get label(): Uint8Array {
    return this.#label;
  }

  #packetFlags(engine: Engine, { crc, encrypt }: PacketOptions): number {
    const flags = this.#flags(engine, { compress: this.#options.compression, encrypt });
    return crc ? flags | SealFlag.crc : flags;
  }

  #flags(engine: Engine, { compress, encrypt }: { compress: boolean; encrypt: boolean }): number {
    let flags = compress ? SealFlag.compress : 0;
    if (!encrypt) return flags;
    assert(this.encrypted, "encryption needs a key");
    this.#options.random.bytes(engine.nonce);
    flags |= SealFlag.encrypt;
    return this.#options.encryptionVersion === 0 ? flags | SealFlag.old : flags;
  }

  #faults(): string[] {
    const engine = this.#engines.permanent;
    const count = Math.min(engine.run.faultCount(), Size.faultsMax);
    const faults: string[] = [];
    if (count === 0) return faults;
    const start = engine.run.faults() >> 2;
    for (let index = 0; index < count; index++) {
      const word = start + 2 * index;
      faults.push(describeFault(engine.words[word]!, engine.words[word + 1]!));
    }
    return faults;
  }
}

/** Returns how many bytes the pieces of a message have together. */
export function totalSize(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((size, piece) => size + piece.length, 0);
}

/** How many bytes are copied at once: some milliseconds of work. */
const copiedAtOnce = 4_194_304;

/** Copies the pieces of a message to the input of an engine, in slices. */
function* copyInto(engine: Engine, pieces: readonly Uint8Array[]): Job {
  let at = engine.input;
  let copied = 0;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; from += copiedAtOnce) {
      const part = piece.subarray(from, from + copiedAtOnce);
      if (copied + part.length > copiedAtOnce) {
        yield;
        copied = 0;
      }
      engine.bytes.set(part, at);
      at += part.length;
      copied += part.length;
    }
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(totalSize(parts));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
