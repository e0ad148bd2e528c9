/**
 * Reads one inbound stream message from bytes that arrive in any chunks (memberlist `readStream`).
 * It stores only bytes that arrived and reserves nothing for lengths that a peer claims; it looks
 * at every byte a bounded number of times.
 */

import { MessageType, Size } from "./abi.ts";
import { WireError } from "./error.ts";
import { Limits } from "./limits.ts";
import type { MessageReader, ReaderOptions } from "./message_codec.ts";
import type { StreamMessage } from "./messages.ts";
import { ObjectScanner } from "./scanner.ts";
import type { FrameDecoder, FrameHeader } from "./stream.ts";

/** What a {@link FrameReader} needs of the codec. */
interface FrameCodec {
  readonly label: Uint8Array;
  readonly encrypted: boolean;
  openFrame(frame: Uint8Array): StreamMessage | undefined;
  decodeLarge(frame: Uint8Array): FrameDecoder;
  header(type: number, object: Uint8Array): FrameHeader;
}

/** Reads one message as memberlist sends it. */
export class FrameReader implements MessageReader {
  readonly #codec: FrameCodec;
  readonly #verifyIncoming: boolean;
  readonly #accepting: boolean;
  #arrived = new Uint8Array(0);
  #count = 0;
  /** Where the frame begins, after the label header; `undefined` until that has arrived. */
  #start: number | undefined;
  /** Where the frame ends; `undefined` until enough has arrived to compute it. */
  #end: number | undefined;
  #scanner: ObjectScanner | undefined;
  #tail: number | undefined;
  #done = false;
  /** A complete large frame. */
  #large: Uint8Array | undefined;
  #decoder: FrameDecoder | undefined;
  #encryptedSize: number | undefined;

  constructor(codec: FrameCodec, options: ReaderOptions) {
    this.#codec = codec;
    this.#accepting = options.accepting;
    this.#verifyIncoming = options.verifyIncoming;
    if (!options.accepting) this.#start = 0;
  }

  /** @inheritdoc */
  get encryptedSize(): number | undefined {
    return this.#encryptedSize;
  }

  /** @inheritdoc */
  get large(): boolean {
    return this.#large !== undefined;
  }

  /** @inheritdoc */
  push(bytes: Uint8Array): StreamMessage | undefined {
    if (this.#done) return undefined;
    return this.#guarded(() => {
      this.#append(bytes);
      const end = this.#frameEnd();
      if (end === undefined || this.#count < end) return undefined;
      this.#done = true;
      const frame = this.#arrived.subarray(this.#start, end);
      const message = this.#codec.openFrame(frame);
      if (message === undefined) this.#large = frame;
      return message;
    });
  }

  /** @inheritdoc */
  decode(): StreamMessage | undefined {
    const frame = this.#large;
    if (frame === undefined) return undefined;
    return this.#guarded(() => {
      this.#decoder ??= this.#codec.decodeLarge(frame);
      return this.#decoder.step();
    });
  }

  /** @inheritdoc */
  end(): boolean {
    // As in memberlist, nothing is missing if the peer only looks whether we take its connection.
    if (!this.#done && this.#count > (this.#start ?? 0))
      throw new WireError("stream ended in the middle of a message");
    return this.#done;
  }

  /** Decodes, checks who may send the message, and drops what is not needed any more. */
  #guarded(decode: () => StreamMessage | undefined): StreamMessage | undefined {
    let keep = false;
    try {
      const message = decode();
      if (message !== undefined && this.#accepting) checkRequest(message);
      keep = message === undefined;
      return message;
    } catch (error) {
      this.#done = true;
      if (error instanceof WireError && error.answer && !this.#accepting) throw new WireError(error.message);
      throw error;
    } finally {
      if (!keep) {
        this.#arrived = new Uint8Array(0);
        this.#large = undefined;
        this.#decoder = undefined;
      }
    }
  }

  #append(bytes: Uint8Array): void {
    const count = this.#count + bytes.length;
    // Store nothing beyond the message: a peer that goes on sending must not take up memory.
    const kept = Math.min(count, this.#end ?? Limits.message);
    if (count > Limits.message && this.#end === undefined) throw new WireError("message is too large");
    if (kept > this.#arrived.length) {
      const larger = new Uint8Array(Math.max(kept, 2 * this.#arrived.length, 256));
      larger.set(this.#arrived.subarray(0, this.#count));
      this.#arrived = larger;
    }
    this.#arrived.set(bytes.subarray(0, kept - this.#count), this.#count);
    this.#count = kept;
  }

  #frameEnd(): number | undefined {
    if (this.#end !== undefined) return this.#end;
    this.#start ??= this.#labelEnd();
    const start = this.#start;
    if (start === undefined || this.#count === start) return undefined;
    const type = this.#arrived[start]!;
    this.#end = type === MessageType.encrypt ? this.#encryptedEnd(start) : this.#plainEnd(start, type);
    if ((this.#end ?? this.#scanner?.least ?? 0) - start > Limits.message) {
      throw new WireError("message is too large");
    }
    return this.#end;
  }

  /** Checks the label header and returns where it ends. A wrong one gets no reply. */
  #labelEnd(): number | undefined {
    if (this.#count === 0) return undefined;
    const label = this.#codec.label;
    const hasLabel = this.#arrived[0] === MessageType.label;
    if (!hasLabel) {
      if (label.length > 0) throw new WireError("label is not the configured one");
      return 0;
    }
    if (this.#count < 2) return undefined;
    const length = this.#arrived[1]!;
    if (length === 0) throw new WireError("label header is malformed");
    if (length !== label.length) throw new WireError("label is not the configured one");
    if (this.#count < 2 + length) return undefined;
    if (label.some((byte, index) => byte !== this.#arrived[2 + index])) {
      throw new WireError("label is not the configured one");
    }
    return 2 + length;
  }

  #encryptedEnd(start: number): number | undefined {
    if (!this.#codec.encrypted) {
      throw new WireError("remote state is encrypted and encryption is not configured", { answer: true });
    }
    if (this.#count < start + Size.streamHeaderSize) return undefined;
    const view = new DataView(this.#arrived.buffer);
    const length = view.getUint32(start + 1);
    if (length > Limits.frame) {
      throw new WireError(`remote node state is larger than limit (${length})`, { answer: true });
    }
    this.#encryptedSize = length;
    return start + Size.streamHeaderSize + length;
  }

  #plainEnd(start: number, type: number): number | undefined {
    if (this.#codec.encrypted && this.#verifyIncoming) {
      throw new WireError("encryption is configured but remote state is not encrypted", { answer: true });
    }
    if (type === MessageType.pushPull || type === MessageType.user) return this.#sequenceEnd(start, type);
    if (type === MessageType.compress) return this.#objectsEnd(start + 1, 1);
    if (type === MessageType.ping || type === MessageType.ack || type === MessageType.error) {
      return this.#objectsEnd(start + 1, 1);
    }
    throw new WireError(`received invalid msg type (${type})`);
  }

  /** Finds the end of a header object and the objects and bytes that it announces. */
  #sequenceEnd(start: number, type: number): number | undefined {
    if (this.#tail === undefined) {
      const end = this.#objectsEnd(start + 1, 1);
      if ((end ?? this.#count) - start > Limits.header) throw new WireError("message header is too large");
      if (end === undefined) return undefined;
      const header = this.#codec.header(type, this.#arrived.subarray(start + 1, end));
      this.#tail = header.tail;
      this.#scanner = new ObjectScanner(end, header.nodes);
    }
    const end = this.#objectsEnd(start + 1, 0);
    return end === undefined ? undefined : end + this.#tail;
  }

  /** Returns the end of `count` objects from `at`; if a scan is under way, continues it instead. */
  #objectsEnd(at: number, count: number): number | undefined {
    this.#scanner ??= new ObjectScanner(at, count);
    return this.#scanner.scan(this.#arrived, this.#count);
  }
}

/** Throws WireError if a message cannot be the first one of a stream that a peer opened. */
function checkRequest({ type }: StreamMessage): void {
  if (type === "ack" || type === "error")
    throw new WireError(`received invalid msg type (${MessageType[type]})`);
}
