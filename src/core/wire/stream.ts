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

/**
 * Decodes a frame that fits the engine's input. Returns `undefined` if it decompresses to more than
 * the engine's limit. Throws WireError.
 */
export function openFrame(engine: Engine, frame: Uint8Array): StreamMessage | undefined {
  engine.bytes.set(frame, engine.input);
  const length = engine.run.openFrame(frame.length);
  if (length === -FaultCode.large) return undefined;
  if (length < 0) throw refusal(length);
  try {
    return decodeMessage(engine, engine.run.message(), length);
  } catch (error) {
    if (error instanceof TextFault) throw new WireError(error.message);
    throw error;
  }
}

/** Decodes the header object of a message of `type` and checks its claims. Throws WireError. */
export function readHeader(engine: Engine, type: number, object: Uint8Array): FrameHeader {
  engine.bytes.set(object, engine.input);
  engine.run.useInput(object.length);
  return decodeHeader(engine, type, engine.input);
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

function decodeMessage(engine: Engine, at: number, length: number): StreamMessage {
  const type = engine.bytes[at]!;
  const end = at + length;
  switch (type) {
    case MessageType.ping:
    case MessageType.ack:
    case MessageType.error: {
      decode(engine, type, 1, at + 1);
      return readMessage(engine, 0) as StreamMessage;
    }
    case MessageType.user:
      return decodeUser(engine, at + 1, end);
    case MessageType.pushPull:
      return decodePushPull(engine, at + 1, end);
    default:
      throw new WireError(`received invalid msg type (${type})`);
  }
}

function decodeUser(engine: Engine, at: number, end: number): User {
  const header = decodeHeader(engine, MessageType.user, at);
  return { type: "user", payload: tailAt(engine, engine.run.decodedTo(), end, header.tail) };
}

function decodePushPull(engine: Engine, at: number, end: number): PushPull {
  const header = decodeHeader(engine, MessageType.pushPull, at);
  const nodes: NodeState[] = [];
  let next = engine.run.decodedTo();
  while (nodes.length < header.nodes) {
    const count = Math.min(Size.recordsMax, header.nodes - nodes.length);
    next = decode(engine, Shape.nodeState, count, next);
    for (let index = 0; index < count; index++) nodes.push(readNodeState(engine, index));
  }
  return { type: "pushPull", join: header.join, nodes, userState: tailAt(engine, next, end, header.tail) };
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
