/**
 * What the membership layer needs of a codec. `Codec` is the one that speaks memberlist's protocol.
 * Outside of a codec, encoded messages are opaque: nothing reads more of them than their length.
 */

import type { Job } from "../jobs.ts";
import type { PacketMessage, PushPull, StreamMessage } from "./messages.ts";

/** How a packet is sealed. */
export interface PacketOptions {
  readonly crc: boolean;
  readonly encrypt: boolean;
}

/** How a frame is sealed. */
export interface SealOptions {
  readonly labelHeader: boolean;
  readonly encrypt: boolean;
}

/** The content of a packet. Nothing in it refers to the codec's memory. */
export interface OpenedPacket {
  readonly messages: readonly PacketMessage[];
  /** Why parts were dropped: a line for each, at most 16. */
  readonly faults: readonly string[];
}

/** How one inbound stream message is read. */
export interface ReaderOptions {
  /**
   * True on the side that did not dial: it expects a label header first and refuses replies.
   */
  readonly accepting: boolean;
  /** Whether to refuse plain messages if there is a key. */
  readonly verifyIncoming: boolean;
}

/**
 * Reads one message of a stream. When the message is complete, or after an error, the reader cannot
 * be used again.
 */
export interface MessageReader {
  /**
   * The claimed size of the encrypted part in bytes; `undefined` if nothing is encrypted, or before
   * the size has arrived.
   */
  readonly encryptedSize: number | undefined;
  /** Whether a large message has arrived, which {@link decode} has to decode. */
  readonly large: boolean;
  /**
   * Adds bytes. Returns the message once it is complete, unless it is {@link large}; else
   * `undefined`. Throws WireError.
   */
  push(bytes: Uint8Array): StreamMessage | undefined;
  /**
   * Decodes a part of a large message. Returns the message once that was the last part, else
   * `undefined`. Throws WireError.
   */
  decode(): StreamMessage | undefined;
  /**
   * Handles the end of the stream. Returns false if nothing ever arrived. Throws WireError if a
   * message was incomplete.
   */
  end(): boolean;
}

/** Encodes and decodes the packets and stream frames of one node, and holds its keys. */
export interface MessageCodec {
  /** The installed keys, primary first. */
  readonly keys: readonly Uint8Array[];
  /** Whether any key is installed. */
  readonly encrypted: boolean;
  /** What the side that dials sends first; empty without a label. */
  readonly labelHeader: Uint8Array;
  /** The number of bytes that encrypting a packet adds at most (memberlist `encryptOverhead`). */
  readonly encryptionOverhead: number;
  /** Replaces the key ring, primary key first; an empty list switches encryption off. */
  setKeys(keys: readonly Uint8Array[]): void;
  /** Encodes a message, type byte first. A user message gets the form for datagrams. */
  encode(message: PacketMessage | StreamMessage): Uint8Array;
  /** Encodes a push/pull in slices. Returns the message in pieces. */
  encodeState(message: PushPull): Job<Uint8Array[]>;
  /** Builds one datagram from encoded messages. Throws SerfError (ERR_LIMIT) if they do not fit one. */
  seal(parts: readonly Uint8Array[], options: PacketOptions): Uint8Array;
  /**
   * Encodes one message and builds a datagram from it alone. Throws SerfError (ERR_LIMIT) if it does
   * not fit one.
   */
  sealMessage(message: PacketMessage, options: PacketOptions): Uint8Array;
  /**
   * Decodes a datagram. Parts that are dropped are returned as faults. Throws WireError if the
   * whole datagram is dropped.
   */
  open(packet: Uint8Array, options: { readonly verifyIncoming: boolean }): OpenedPacket;
  /** Builds a stream frame from an encoded message. */
  sealStream(message: Uint8Array, options: SealOptions): Uint8Array;
  /** Builds a stream frame from the pieces of an encoded message, in slices if it is large. */
  sealPieces(pieces: readonly Uint8Array[], options: SealOptions): Job<Uint8Array>;
  /** Returns a reader for one inbound stream message. */
  reader(options: ReaderOptions): MessageReader;
}
