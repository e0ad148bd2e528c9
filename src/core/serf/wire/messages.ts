/**
 * The messages of Serf (serf `messages.go`): their decoded form, all decoders, and the encoders of
 * intents; push/pulls are in `push_pull.ts`. Each message is a type byte and one msgpack value. Keys
 * are written in ascending byte order, as Go writes them.
 */

import { noBytes } from "../../bytes.ts";
import { MsgpackReader, MsgpackWriter } from "../../wire/msgpack.ts";

/** The first byte of every message of Serf. */
export const SerfMessageType = {
  leave: 0,
  join: 1,
  pushPull: 2,
  userEvent: 3,
  query: 4,
  queryResponse: 5,
  conflictResponse: 6,
  keyRequest: 7,
  keyResponse: 8,
  relay: 9,
} as const;

/** `node` is leaving. `prune` asks others to erase it. */
export interface LeaveIntent {
  readonly type: "leave";
  readonly lamportTime: bigint;
  readonly node: string;
  readonly prune: boolean;
}

/** `node` has joined. */
export interface JoinIntent {
  readonly type: "join";
  readonly lamportTime: bigint;
  readonly node: string;
}

/** A user event on the wire. `payload` is `null` if it is nil on the wire. */
export interface UserEventMessage {
  readonly type: "userEvent";
  readonly lamportTime: bigint;
  readonly name: string;
  readonly payload: Uint8Array | null;
  readonly coalesce: boolean;
}

/**
 * A query on the wire. `filters` are still encoded; `timeout` is in nanoseconds; `payload` is
 * `null` if it is nil on the wire.
 */
export interface QueryMessage {
  readonly type: "query";
  readonly lamportTime: bigint;
  readonly id: number;
  readonly address: Uint8Array;
  readonly port: number;
  readonly sourceNode: string;
  readonly filters: readonly Uint8Array[];
  readonly flags: number;
  readonly relayFactor: number;
  readonly timeout: bigint;
  readonly name: string;
  readonly payload: Uint8Array | null;
}

/**
 * An answer to a query, or an acknowledgement of it. `payload` is `null` if it is nil on the wire.
 */
export interface QueryResponseMessage {
  readonly type: "queryResponse";
  readonly lamportTime: bigint;
  readonly id: number;
  readonly from: string;
  readonly flags: number;
  readonly payload: Uint8Array | null;
}

/** A message to forward unchanged to an address. `inner` begins with its own type byte. */
export interface RelayMessage {
  readonly type: "relay";
  readonly address: Uint8Array;
  readonly port: number;
  readonly node: string;
  readonly inner: Uint8Array;
}

/** The messages that a user message of the layer below may contain. */
export type SerfMessage =
  | LeaveIntent
  | JoinIntent
  | UserEventMessage
  | QueryMessage
  | QueryResponseMessage
  | RelayMessage;

/** Encodes a leave or join intent. */
export function encodeIntent(intent: LeaveIntent | JoinIntent): Uint8Array {
  const leave = intent.type === "leave";
  const writer = new MsgpackWriter(leave ? SerfMessageType.leave : SerfMessageType.join).map(leave ? 3 : 2);
  writer.string("LTime").uint(intent.lamportTime).string("Node").string(intent.node);
  if (leave) writer.string("Prune").bool(intent.prune);
  return writer.finish();
}

/**
 * Decodes a message. Returns `undefined` if its type is unknown, or is one that only occurs inside
 * others. Throws WireError if it is malformed.
 */
export function decodeMessage(bytes: Uint8Array): SerfMessage | undefined {
  switch (bytes[0]) {
    case SerfMessageType.leave:
      return decodeLeave(bytes);
    case SerfMessageType.join:
      return decodeJoin(bytes);
    case SerfMessageType.userEvent:
      return decodeUserEvent(bytes);
    case SerfMessageType.query:
      return decodeQuery(bytes);
    case SerfMessageType.queryResponse:
      return decodeQueryResponse(bytes);
    case SerfMessageType.relay:
      return decodeRelay(bytes);
    default:
      return undefined;
  }
}

function decodeLeave(bytes: Uint8Array): LeaveIntent {
  let lamportTime = 0n;
  let node = "";
  let prune = false;
  const fields = {
    LTime: (reader: MsgpackReader) => (lamportTime = reader.uint64()),
    Node: (reader: MsgpackReader) => (node = reader.string()),
    Prune: (reader: MsgpackReader) => (prune = reader.bool()),
  };
  new MsgpackReader(bytes, 1).struct(fields, ["LTime", "Node", "Prune"]);
  return { type: "leave", lamportTime, node, prune };
}

function decodeJoin(bytes: Uint8Array): JoinIntent {
  let lamportTime = 0n;
  let node = "";
  const fields = {
    LTime: (reader: MsgpackReader) => (lamportTime = reader.uint64()),
    Node: (reader: MsgpackReader) => (node = reader.string()),
  };
  new MsgpackReader(bytes, 1).struct(fields, ["LTime", "Node"]);
  return { type: "join", lamportTime, node };
}

function decodeUserEvent(bytes: Uint8Array): UserEventMessage {
  let lamportTime = 0n;
  let name = "";
  let payload: Uint8Array | null = null;
  let coalesce = false;
  const fields = {
    LTime: (reader: MsgpackReader) => (lamportTime = reader.uint64()),
    Name: (reader: MsgpackReader) => (name = reader.string()),
    Payload: (reader: MsgpackReader) => (payload = reader.bytes()),
    CC: (reader: MsgpackReader) => (coalesce = reader.bool()),
  };
  new MsgpackReader(bytes, 1).struct(fields, ["LTime", "Name", "Payload", "CC"]);
  return { type: "userEvent", lamportTime, name, payload, coalesce };
}

function decodeQuery(bytes: Uint8Array): QueryMessage {
  let lamportTime = 0n;
  let id = 0;
  let address = noBytes;
  let port = 0;
  let sourceNode = "";
  const filters: Uint8Array[] = [];
  let flags = 0;
  let relayFactor = 0;
  let timeout = 0n;
  let name = "";
  let payload: Uint8Array | null = null;
  const fields = {
    LTime: (reader: MsgpackReader) => (lamportTime = reader.uint64()),
    ID: (reader: MsgpackReader) => (id = reader.uint(0xffff_ffff)),
    Addr: (reader: MsgpackReader) => (address = new Uint8Array(reader.bytes() ?? [])),
    Port: (reader: MsgpackReader) => (port = reader.uint(0xffff)),
    SourceNode: (reader: MsgpackReader) => (sourceNode = reader.string()),
    Filters: (reader: MsgpackReader) => {
      filters.length = 0;
      for (let left = reader.arrayHeader(); left > 0; left--) filters.push(reader.bytes() ?? noBytes);
    },
    Flags: (reader: MsgpackReader) => (flags = reader.uint(0xffff_ffff)),
    RelayFactor: (reader: MsgpackReader) => (relayFactor = reader.uint(0xff)),
    Timeout: (reader: MsgpackReader) => (timeout = reader.int64()),
    Name: (reader: MsgpackReader) => (name = reader.string()),
    Payload: (reader: MsgpackReader) => (payload = reader.bytes()),
  };
  const order = "LTime ID Addr Port SourceNode Filters Flags RelayFactor Timeout Name Payload".split(" ");
  new MsgpackReader(bytes, 1).struct(fields, order);
  return {
    type: "query",
    lamportTime,
    id,
    address,
    port,
    sourceNode,
    filters,
    flags,
    relayFactor,
    timeout,
    name,
    payload,
  };
}

function decodeQueryResponse(bytes: Uint8Array): QueryResponseMessage {
  let lamportTime = 0n;
  let id = 0;
  let from = "";
  let flags = 0;
  let payload: Uint8Array | null = null;
  const fields = {
    LTime: (reader: MsgpackReader) => (lamportTime = reader.uint64()),
    ID: (reader: MsgpackReader) => (id = reader.uint(0xffff_ffff)),
    From: (reader: MsgpackReader) => (from = reader.string()),
    Flags: (reader: MsgpackReader) => (flags = reader.uint(0xffff_ffff)),
    Payload: (reader: MsgpackReader) => (payload = reader.bytes()),
  };
  new MsgpackReader(bytes, 1).struct(fields, ["LTime", "ID", "From", "Flags", "Payload"]);
  return { type: "queryResponse", lamportTime, id, from, flags, payload };
}

function decodeRelay(bytes: Uint8Array): RelayMessage {
  let address = noBytes;
  let port = 0;
  let node = "";
  const destination = {
    IP: (reader: MsgpackReader) => (address = new Uint8Array(reader.bytes() ?? [])),
    Port: (reader: MsgpackReader) => (port = reader.uint(0xffff)),
    Zone: (reader: MsgpackReader) => reader.string(),
  };
  const fields = {
    DestAddr: (reader: MsgpackReader) => reader.struct(destination, ["IP", "Port", "Zone"]),
    DestName: (reader: MsgpackReader) => (node = reader.string()),
  };
  const reader = new MsgpackReader(bytes, 1);
  reader.struct(fields, ["DestAddr", "DestName"]);
  return { type: "relay", address, port, node, inner: bytes.slice(reader.offset) };
}

/** Returns the name of a message type for log lines. */
export function messageName(type: number): string {
  const names = ["leave", "join", "push/pull", "user event", "query", "query response", "conflict response"];
  return [...names, "key request", "key response", "relay"][type] ?? `type ${type}`;
}
