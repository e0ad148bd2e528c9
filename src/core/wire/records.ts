/**
 * Reads messages from the records that the WebAssembly module decoded, and writes the records that
 * it encodes.
 */

import { unreachable } from "../assert.ts";
import { noBytes } from "../bytes.ts";
import { MessageType, Shape, Size, Slot } from "./abi.ts";
import type { Engine } from "./engine.ts";
import type { Facts } from "./known.ts";
import type { ErrorReply, NodeState, PacketMessage, ProbeSource, StreamMessage } from "./messages.ts";

/** Returns the message of record `index`. Throws TextFault if text in it is not UTF-8. */
export function readMessage(engine: Engine, index: number): PacketMessage | ErrorReply {
  const words = engine.words;
  const at = engine.recordsWord + index * Size.recordWords;
  const number = words[at + Slot.number]! >>> 0;
  switch (words[at + Slot.type]) {
    case MessageType.ping:
      return {
        type: "ping",
        sequence: number,
        node: nameAt(engine, at + Slot.node),
        source: sourceAt(engine, at),
      };
    case MessageType.indirectPing:
      return {
        type: "indirectPing",
        sequence: number,
        target: bytesAt(engine, at + Slot.address) ?? noBytes,
        port: words[at + Slot.port]!,
        node: nameAt(engine, at + Slot.node),
        nack: words[at + Slot.flag] !== 0,
        source: sourceAt(engine, at),
      };
    case MessageType.ack:
      return { type: "ack", sequence: number, payload: bytesAt(engine, at + Slot.extra) };
    case MessageType.nack:
      return { type: "nack", sequence: number };
    case MessageType.suspect:
    case MessageType.dead:
      return {
        type: words[at + Slot.type] === MessageType.suspect ? "suspect" : "dead",
        incarnation: number,
        node: nameAt(engine, at + Slot.node),
        from: nameAt(engine, at + Slot.peer),
      };
    case MessageType.alive: {
      const node = nameAt(engine, at + Slot.node);
      const { address, meta, versions } = factsAt(engine, at, undefined);
      return {
        type: "alive",
        incarnation: number,
        node,
        address,
        port: words[at + Slot.port]!,
        meta,
        versions,
      };
    }
    case MessageType.user:
      return { type: "user", payload: bytesAt(engine, at + Slot.extra) ?? noBytes };
    case MessageType.error:
      return { type: "error", text: engine.text(words[at + Slot.node]!, words[at + Slot.node + 1]!) };
    default:
      throw new Error(`Assertion failed: record of type ${words[at + Slot.type]}`);
  }
}

/**
 * Returns the push/pull entry of record `index`. Throws TextFault if text in it is not UTF-8.
 * `previous` is the entry before it: nearly all members have the same versions, and share them.
 */
export function readNodeState(engine: Engine, index: number, previous: NodeState | undefined): NodeState {
  const words = engine.words;
  const at = engine.recordsWord + index * Size.recordWords;
  const node = nameAt(engine, at + Slot.node);
  const { address, meta, versions } = factsAt(engine, at, previous?.versions);
  return {
    node,
    address,
    port: words[at + Slot.port]!,
    meta,
    incarnation: words[at + Slot.number]! >>> 0,
    state: words[at + Slot.flag]!,
    versions,
  };
}

/**
 * Returns the bytes of a node: those of last time if the stamp says that they are the same, else
 * copies, except that `versions` is shared if those are the same.
 */
function factsAt(engine: Engine, at: number, versions: Uint8Array | undefined): Facts {
  const words = engine.words;
  const stamp = words[at + Slot.stamp]!;
  const known = engine.known(words[at + Slot.node + 2]!);
  const last = known?.facts;
  if (stamp !== 0 && last?.stamp === stamp) return last;
  const facts: Facts = {
    stamp,
    address: bytesAt(engine, at + Slot.address) ?? noBytes,
    meta: bytesAt(engine, at + Slot.extra),
    versions: sharedBytesAt(engine, at + Slot.versions, versions),
  };
  if (known !== undefined) known.facts = facts;
  return facts;
}

function sourceAt(engine: Engine, at: number): ProbeSource {
  const words = engine.words;
  const node = nameAt(engine, at + Slot.peer);
  const known = engine.known(words[at + Slot.peer + 2]!);
  const address = sharedBytesAt(engine, at + Slot.extra, known?.source);
  if (known !== undefined) known.source = address;
  return { address, port: words[at + Slot.sourcePort]!, node };
}

function nameAt(engine: Engine, word: number): string {
  const words = engine.words;
  return engine.name(words[word]!, words[word + 1]!, words[word + 2]!);
}

function bytesAt(engine: Engine, word: number): Uint8Array | null {
  const words = engine.words;
  const length = words[word + 1]! - 1;
  if (length < 0) return null;
  return length === 0 ? noBytes : engine.copy(words[word]!, length);
}

/** Returns `known` if it equals the bytes of a slot, else a copy of them. */
function sharedBytesAt(engine: Engine, word: number, known: Uint8Array | undefined): Uint8Array {
  const at = engine.words[word]!;
  const length = engine.words[word + 1]! - 1;
  if (known?.length === length) {
    const { bytes } = engine;
    let same = 0;
    while (same < length && bytes[at + same] === known[same]) same += 1;
    if (same === length) return known;
  }
  return bytesAt(engine, word) ?? noBytes;
}

/** The messages whose body is one object. */
export type ObjectMessage = Exclude<PacketMessage | StreamMessage, { type: "user" | "pushPull" }>;

/** How many bytes the text and byte fields of a message or an entry take at most, before it is encoded. */
export function fieldsSize(message: ObjectMessage | NodeState): number {
  if (!("type" in message)) return nodeSize(message);
  switch (message.type) {
    case "ping":
      return textSize(message.node) + sourceSize(message.source);
    case "indirectPing":
      return textSize(message.node) + message.target.length + sourceSize(message.source);
    case "ack":
      return message.payload?.length ?? 0;
    case "nack":
      return 0;
    case "suspect":
    case "dead":
      return textSize(message.node) + textSize(message.from);
    case "alive":
      return nodeSize(message);
    case "error":
      return textSize(message.text);
    default:
      return unreachable(message);
  }
}

function nodeSize({ node, address, meta, versions }: Omit<NodeState, "state">): number {
  return textSize(node) + address.length + (meta?.length ?? 0) + versions.length;
}

function sourceSize({ address, node }: ProbeSource): number {
  return address.length + textSize(node);
}

function textSize(text: string): number {
  return 3 * text.length;
}

/**
 * Writes the records that are encoded next. Their text and bytes go to the output, which must have
 * room for `fieldsSize` of each.
 */
export class Draft {
  readonly #engine: Engine;
  #record: number;
  #at: number;

  /** Begins with the record that `encode` reads. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#record = engine.draftWord;
    this.#at = engine.output;
    this.#empty();
  }

  /** How many bytes of the output are written. */
  get size(): number {
    return this.#at - this.#engine.output;
  }

  /** Goes on with record `index` of the table, which `encodeMany` reads. */
  begin(index: number): void {
    this.#record = this.#engine.recordsWord + index * Size.recordWords;
    this.#empty();
  }

  /** Fills the record with `message` and returns its shape. */
  write(message: ObjectMessage | NodeState): number {
    if (!("type" in message)) {
      this.#node(message, message.state);
      return Shape.nodeState;
    }
    switch (message.type) {
      case "ping":
        this.#probe(message.sequence, message.node, message.source);
        break;
      case "indirectPing":
        this.#probe(message.sequence, message.node, message.source);
        this.number(Slot.port, message.port);
        this.number(Slot.flag, message.nack ? 1 : 0);
        this.#bytes(Slot.address, message.target);
        break;
      case "ack":
        this.number(Slot.number, message.sequence);
        this.#bytes(Slot.extra, message.payload);
        break;
      case "nack":
        this.number(Slot.number, message.sequence);
        break;
      case "suspect":
      case "dead":
        this.number(Slot.number, message.incarnation);
        this.#text(Slot.node, message.node);
        this.#text(Slot.peer, message.from);
        break;
      case "alive":
        this.#node(message, 0);
        break;
      case "error":
        this.#text(Slot.node, message.text);
        break;
      default:
        unreachable(message);
    }
    return MessageType[message.type];
  }

  /** Writes one number. */
  number(slot: number, value: number): void {
    this.#engine.words[this.#record + slot] = value;
  }

  #empty(): void {
    const words = this.#engine.words;
    for (let word = this.#record; word < this.#record + Size.recordWords; word++) words[word] = 0;
  }

  #probe(sequence: number, node: string, source: ProbeSource): void {
    this.number(Slot.number, sequence);
    this.#text(Slot.node, node);
    this.#bytes(Slot.extra, source.address);
    this.number(Slot.sourcePort, source.port);
    this.#text(Slot.peer, source.node);
  }

  #node(node: Omit<NodeState, "state">, state: number): void {
    this.number(Slot.number, node.incarnation);
    this.#text(Slot.node, node.node);
    this.#bytes(Slot.address, node.address);
    this.number(Slot.port, node.port);
    this.#bytes(Slot.extra, node.meta);
    this.number(Slot.flag, state);
    this.#bytes(Slot.versions, node.versions);
  }

  #text(slot: number, text: string): void {
    const written = writeText(this.#engine.bytes, this.#at, text);
    this.#span(slot, written, written);
  }

  #bytes(slot: number, bytes: Uint8Array | null): void {
    if (bytes === null) return;
    this.#engine.write(bytes, this.#at);
    this.#span(slot, bytes.length, bytes.length + 1);
  }

  #span(slot: number, length: number, recorded: number): void {
    this.number(slot, this.#at);
    this.number(slot + 1, recorded);
    this.#at += length;
  }
}

const encoder: TextEncoder = new TextEncoder();

/**
 * Writes UTF-8 and returns its size. Names are nearly always ASCII, and then a loop is much faster
 * than the encoder.
 */
function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return encoder.encodeInto(text, bytes.subarray(at)).written;
    bytes[at + index] = code;
  }
  return text.length;
}
