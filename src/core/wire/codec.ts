/**
 * Encodes messages to bytes and decodes them. Packets and small frames go through one permanent
 * WebAssembly instance with fixed arenas; anything larger gets an instance of its own that is
 * dropped afterwards.
 */

import { SerfError } from "../../errors.ts";
import { keySizes } from "../../go/parse_key.ts";
import { assert } from "../assert.ts";
import { encodeUtf8 } from "../bytes.ts";
import type { Random } from "../random.ts";
import { MessageType, SealFlag, Size, Slot } from "./abi.ts";
import { Engine, TextFault } from "./engine.ts";
import { WireError } from "./error.ts";
import { describeDrop, describeFault } from "./faults.ts";
import { Limits } from "./limits.ts";
import type { PacketMessage, PushPull, StreamMessage } from "./messages.ts";
import { Draft, draftSize, fieldsOf, type ObjectMessage, readMessage } from "./records.ts";
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

/** The content of a packet. Nothing in it refers to the codec's memory. */
export interface OpenedPacket {
  readonly messages: readonly PacketMessage[];
  /** Why parts were dropped: a line for each, at most 16. */
  readonly faults: readonly string[];
}

/** Encodes and decodes the packets and stream frames of one node. */
export class Codec {
  readonly #options: CodecOptions;
  readonly #label: Uint8Array;
  #keys: readonly Uint8Array[] = [];
  /** The permanent instance; created at its first use with the current key ring. */
  #permanent: Engine | undefined;

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
    this.#keys = keys.map((key) => key.slice());
    // Erase expanded keys at once: the garbage collector may leave them in memory for long.
    this.#permanent?.bytes.fill(0);
    this.#permanent = undefined;
  }

  /** The installed keys, primary first. */
  get keys(): readonly Uint8Array[] {
    return this.#keys;
  }

  /** Whether any key is installed. */
  get encrypted(): boolean {
    return this.#keys.length > 0;
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
    if (message.type === "pushPull") return this.#encodePushPull(message);
    return this.#encodeObject(message);
  }

  /** Encodes a user message in the form for streams: a header with the length, then the payload. */
  encodeStreamUser(payload: Uint8Array): Uint8Array {
    const draft = new Draft(this.#engine);
    draft.number(Slot.number, payload.length);
    const header = this.#encodeDraft(this.#engine, MessageType.user);
    return join([Uint8Array.of(MessageType.user), header, payload]);
  }

  /**
   * Decodes a datagram. Parts that are dropped are returned as faults. Throws WireError if the
   * whole datagram is dropped.
   */
  open(packet: Uint8Array, options: { readonly verifyIncoming: boolean }): OpenedPacket {
    if (packet.length > Limits.packet) throw new WireError(`packet of ${packet.length} bytes is too large`);
    const engine = this.#engine;
    engine.bytes.set(packet, engine.input);
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
  seal(
    parts: readonly Uint8Array[],
    options: { readonly crc: boolean; readonly encrypt: boolean },
  ): Uint8Array {
    assert(parts.length > 0, "a packet has at least one part");
    if (parts.length > Limits.parts) {
      throw new SerfError(
        "ERR_LIMIT",
        `Cannot pack ${parts.length} messages: at most ${Limits.parts} fit a packet`,
      );
    }
    const engine = this.#engine;
    const bytes = engine.bytes;
    const words = engine.words;
    let at = engine.input;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index]!;
      if (at + part.length > engine.input + Limits.packet) {
        throw new SerfError("ERR_LIMIT", `Cannot pack more than ${Limits.packet} bytes into a packet`);
      }
      bytes.set(part, at);
      words[engine.recordsWord + index] = part.length;
      at += part.length;
    }
    const compress = this.#options.compression;
    const flags =
      this.#flags(engine, { compress, encrypt: options.encrypt }) | (options.crc ? SealFlag.crc : 0);
    const length = engine.run.seal(parts.length, flags);
    return engine.copy(engine.run.result(), length);
  }

  /**
   * Builds a stream frame from an encoded message. Only the side that dialled sends the label
   * header. The frame is compressed even if that makes it larger, as in memberlist, unless peers
   * would refuse it then.
   */
  sealStream(
    message: Uint8Array,
    options: { readonly labelHeader: boolean; readonly encrypt: boolean },
  ): Uint8Array {
    const frame = this.#sealFrame(message, options, this.#options.compression);
    const uselessly = this.#options.compression && frame.length > Limits.frame;
    return uselessly ? this.#sealFrame(message, options, false) : frame;
  }

  #sealFrame(
    message: Uint8Array,
    options: { readonly labelHeader: boolean; readonly encrypt: boolean },
    compress: boolean,
  ): Uint8Array {
    const engine = this.#engineFor(message.length, Math.ceil(1.6 * message.length) + 64);
    engine.bytes.set(message, engine.input);
    const flags = this.#flags(engine, { compress, encrypt: options.encrypt });
    const length = engine.run.sealFrame(message.length, flags, options.labelHeader ? 1 : 0);
    const frame = engine.copy(engine.run.result(), length);
    if (engine === this.#engine) engine.run.clear();
    return frame;
  }

  /**
   * Decodes one whole stream frame without its label header; for `FrameReader`, which finds its
   * end. Returns `undefined` if the frame is large: then {@link decodeLarge} has to decode it.
   * Throws WireError.
   */
  openFrame(frame: Uint8Array): StreamMessage | undefined {
    if (frame.length > Limits.packet) return undefined;
    try {
      return openFrame(this.#engine, frame);
    } finally {
      this.#engine.run.clear();
    }
  }

  /** Returns a decoder for a large frame. It takes as much memory as the decompressed message. */
  decodeLarge(frame: Uint8Array): FrameDecoder {
    return new FrameDecoder(this.#newEngine(frame.length, 0, Limits.decompressed), frame);
  }

  /**
   * Decodes the header object of a push/pull or user message; for `FrameReader`. Throws WireError.
   */
  header(type: number, object: Uint8Array): FrameHeader {
    return readHeader(this.#engine, type, object);
  }

  /** The label as UTF-8. */
  get label(): Uint8Array {
    return this.#label;
  }

  get #engine(): Engine {
    this.#permanent ??= this.#newEngine(Limits.packet, Limits.packetDecompressed, Limits.packetDecompressed);
    return this.#permanent;
  }

  #newEngine(inputSize: number, outputSize: number, outputLimit: number): Engine {
    return new Engine({ label: this.#label, keys: this.#keys, inputSize, outputSize, outputLimit });
  }

  /** Returns the permanent instance if the sizes fit it, else a new one to be dropped after use. */
  #engineFor(inputSize: number, outputSize: number): Engine {
    const fits = inputSize <= Limits.packet && outputSize <= Limits.packetDecompressed;
    return fits ? this.#engine : this.#newEngine(inputSize, outputSize, 0);
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
    const engine = this.#engine;
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

  #encodeObject(message: ObjectMessage): Uint8Array {
    const size = draftSize(...fieldsOf(message));
    const engine = this.#engineFor(size, size + 512);
    const shape = new Draft(engine).write(message);
    const length = engine.run.encode(shape);
    // The type byte goes in front of the object, into the room that is reserved for envelopes.
    engine.bytes[engine.output - 1] = shape;
    return engine.copy(engine.output - 1, length + 1);
  }

  #encodeDraft(engine: Engine, shape: number): Uint8Array {
    return engine.copy(engine.output, engine.run.encode(shape));
  }

  #encodePushPull(message: PushPull): Uint8Array {
    const draft = new Draft(this.#engine);
    draft.number(Slot.flag, message.join ? 1 : 0);
    draft.number(Slot.number, message.nodes.length);
    draft.number(Slot.port, message.userState.length);
    const parts = [
      Uint8Array.of(MessageType.pushPull),
      this.#encodeDraft(this.#engine, MessageType.pushPull),
    ];
    for (const node of message.nodes) {
      const size = draftSize(...fieldsOf(node));
      const engine = this.#engineFor(size, size + 512);
      parts.push(this.#encodeDraft(engine, new Draft(engine).write(node)));
    }
    parts.push(message.userState);
    return join(parts);
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
