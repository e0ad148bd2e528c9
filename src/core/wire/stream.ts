/**
 * Decodes one whole stream frame, with memberlist's limits on what headers may claim (`readStream`,
 * `readRemoteState`). As in memberlist, the peer gets an error in reply if decryption or
 * decompression fails, but not if the frame ends early or if the message itself is malformed.
 */

import { FaultCode, FrameCode, MessageType, Shape, Size, Slot } from "./abi.ts";
import type { Engine } from "./engine.ts";
import { TextFault } from "./engine.ts";
import { WireError } from "./error.ts";
import { describeFailure } from "./faults.ts";
import { Limits } from "./limits.ts";
import type { NodeState, PushPull, StreamMessage, User } from "./messages.ts";
import { readMessage, readNodeState } from "./records.ts";

/** The header of a push/pull or user message. */
export interface FrameHeader {
  /** Whether a push/pull joins the cluster; false for a user message. */
  readonly join: boolean;
  /** The number of objects that follow. */
  readonly nodes: number;
  /** The number of bytes that follow the last object. */
  readonly tail: number;
}

/** How many entries of a push/pull are decoded at once: some milliseconds of work. */
const entriesAtOnce = 4 * Size.recordsMax;

/** How many bytes of a frame are copied at once: some milliseconds of work. */
const copiedAtOnce = 8_388_608;

/**
 * Decodes a frame that fits the engine's input. Returns `undefined` if it decompresses to more than
 * the engine's limit, or has more entries than are decoded at once. Throws WireError.
 */
export function openFrame(engine: Engine, frame: Uint8Array): StreamMessage | undefined {
  engine.bytes.set(frame, engine.input);
  let length = engine.run.openFrame(frame.length);
  while (length === FrameCode.more) length = engine.run.openMore();
  if (length === -FaultCode.large) return undefined;
  return new MessageDecoder(engine, checked(length)).step();
}

/** Decodes a large frame by steps, none of which takes long. */
export class FrameDecoder {
  readonly #engine: Engine;
  readonly #frame: Uint8Array;
  /** How many bytes of the frame are in the engine's input. */
  #copied = 0;
  #opening = false;
  #message: MessageDecoder | undefined;
  readonly #finished: () => void;

  /** The frame has to fit the engine's input. Calls `finished` when the engine is not used any more. */
  constructor(engine: Engine, frame: Uint8Array, finished: () => void) {
    this.#engine = engine;
    this.#frame = frame;
    this.#finished = finished;
  }

  /**
   * Returns the message, or `undefined` if more steps are needed. Throws WireError. After a message
   * or an error there are no more steps.
   */
  step(): StreamMessage | undefined {
    let more = false;
    try {
      const message = this.#step();
      more = message === undefined;
      return message;
    } finally {
      if (!more) this.#finished();
    }
  }

  #step(): StreamMessage | undefined {
    if (this.#message !== undefined) return this.#message.step();
    const length = this.#open();
    if (length === FrameCode.more) return undefined;
    if (length === -FaultCode.large)
      throw new WireError("decompressed message is too large", { answer: true });
    this.#message = new MessageDecoder(this.#engine, checked(length));
    return this.#message.step();
  }

  /** Copies, decrypts or decompresses a part of the frame. */
  #open(): number {
    const engine = this.#engine;
    if (this.#opening) return engine.run.openMore();
    const part = this.#frame.subarray(this.#copied, this.#copied + copiedAtOnce);
    engine.bytes.set(part, engine.input + this.#copied);
    this.#copied += part.length;
    if (this.#copied < this.#frame.length) return FrameCode.more;
    this.#opening = true;
    return engine.run.openFrame(this.#frame.length);
  }
}

/** Decodes the header object of a message of `type` and checks its claims. Throws WireError. */
export function readHeader(engine: Engine, type: number, object: Uint8Array): FrameHeader {
  engine.bytes.set(object, engine.input);
  engine.run.useInput(object.length);
  return decodeHeader(engine, type, engine.input);
}

/** Returns the length of an opened message. Throws WireError if it is a code. */
function checked(length: number): number {
  if (length < 0) throw refusal(length);
  return length;
}

function refusal(code: number): WireError {
  switch (code) {
    case FrameCode.undecryptable:
      return new WireError("no installed keys could decrypt the message", { answer: true });
    case FrameCode.empty:
      return new WireError("message is empty", { answer: true });
    case -FaultCode.truncated:
      return new WireError("compressed message ends early");
    case -FaultCode.compression:
      return new WireError("lzw: invalid code", { answer: true });
    case -FaultCode.algorithm:
      return new WireError("cannot decompress unknown algorithm", { answer: true });
    default:
      return new WireError(`failed to decode compressed message: ${describeFailure(-code)}`, {
        answer: true,
      });
  }
}

/** A push/pull, of which only some entries are decoded. */
interface PartialState {
  readonly header: FrameHeader;
  readonly nodes: NodeState[];
  /** The address of the next entry. */
  next: number;
}

/** Decodes the message that the engine has opened. */
class MessageDecoder {
  readonly #engine: Engine;
  readonly #at: number;
  readonly #end: number;
  #state: PartialState | undefined;

  constructor(engine: Engine, length: number) {
    this.#engine = engine;
    this.#at = engine.run.message();
    this.#end = this.#at + length;
  }

  /** Returns the message, or `undefined` if not all entries of a push/pull are decoded yet. */
  step(): StreamMessage | undefined {
    try {
      return this.#state === undefined ? this.#begin() : this.#continue(this.#state);
    } catch (error) {
      if (error instanceof TextFault) throw new WireError(error.message);
      throw error;
    }
  }

  #begin(): StreamMessage | undefined {
    const engine = this.#engine;
    const type = engine.bytes[this.#at]!;
    const body = this.#at + 1;
    switch (type) {
      case MessageType.ping:
      case MessageType.ack:
      case MessageType.error: {
        decode(engine, type, 1, body);
        return readMessage(engine, 0) as StreamMessage;
      }
      case MessageType.user:
        return decodeUser(engine, body, this.#end);
      case MessageType.pushPull: {
        const header = decodeHeader(engine, type, body);
        this.#state = { header, nodes: [], next: engine.run.decodedTo() };
        return this.#continue(this.#state);
      }
      default:
        throw new WireError(`received invalid msg type (${type})`);
    }
  }

  #continue(state: PartialState): PushPull | undefined {
    const engine = this.#engine;
    const { header, nodes } = state;
    const until = Math.min(header.nodes, nodes.length + entriesAtOnce);
    while (nodes.length < until) {
      const count = Math.min(Size.recordsMax, until - nodes.length);
      state.next = decode(engine, Shape.nodeState, count, state.next);
      for (let index = 0; index < count; index++) nodes.push(readNodeState(engine, index, nodes.at(-1)));
    }
    if (nodes.length < header.nodes) return undefined;
    const userState = tailAt(engine, state.next, this.#end, header.tail);
    return { type: "pushPull", join: header.join, nodes, userState };
  }
}

function decodeUser(engine: Engine, at: number, end: number): User {
  const header = decodeHeader(engine, MessageType.user, at);
  return { type: "user", payload: tailAt(engine, engine.run.decodedTo(), end, header.tail) };
}

function decodeHeader(engine: Engine, type: number, at: number): FrameHeader {
  decode(engine, type, 1, at);
  const words = engine.words;
  const record = engine.recordsWord;
  const number = words[record + Slot.number]!;
  if (type === MessageType.user) {
    checkRange("user message length", number, Limits.userMessage);
    return { join: false, nodes: 0, tail: number };
  }
  const tail = words[record + Slot.port]!;
  checkRange("node count", number, Limits.nodes);
  checkRange("user state length", tail, Limits.userState);
  return { join: words[record + Slot.flag] !== 0, nodes: number, tail };
}

function checkRange(what: string, value: number, maximum: number): void {
  if (value < 0 || value > maximum) throw new WireError(`invalid ${what} ${value}`);
}

function tailAt(engine: Engine, at: number, end: number, length: number): Uint8Array {
  if (length > end - at) throw new WireError("message ends early");
  return engine.copy(at, length);
}

/** Decodes objects into the table and returns the address of the next one. Throws WireError. */
function decode(engine: Engine, shape: number, count: number, at: number): number {
  const failure = engine.run.decodeMany(shape, count, at);
  if (engine.run.forgotInStream() !== 0) engine.forgetNames();
  if (failure !== 0) throw new WireError(`failed to decode message: ${describeFailure(failure)}`);
  return engine.run.decodedTo();
}
