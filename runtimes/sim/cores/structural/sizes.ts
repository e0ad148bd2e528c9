/**
 * How many bytes messages have in msgpack, without encoding them. A test compares every size with
 * what the codecs write.
 */

import { unreachable } from "../../../../src/core/assert.ts";
import { utf8Length } from "../../../../src/core/bytes.ts";
import type { JoinIntent, LeaveIntent, UserEventMessage } from "../../../../src/core/serf/wire/messages.ts";
import type { EventSlot, PushPullMessage } from "../../../../src/core/serf/wire/push_pull.ts";
import type {
  NodeState,
  PacketMessage,
  ProbeSource,
  PushPull,
  StreamMessage,
} from "../../../../src/core/wire/messages.ts";

/** What a message takes beside its values: the type byte, the header of the map, and the keys. */
const frames = {
  ping: keys("Node", "SeqNo"),
  indirectPing: keys("Nack", "Node", "Port", "SeqNo", "Target"),
  ack: keys("Payload", "SeqNo"),
  nack: keys("SeqNo"),
  accusation: keys("From", "Incarnation", "Node"),
  alive: keys("Addr", "Incarnation", "Meta", "Node", "Port", "Vsn"),
  pushPull: keys("Join", "Nodes", "UserStateLen"),
  // An entry has no type byte.
  nodeState: keys("Addr", "Incarnation", "Meta", "Name", "Port", "State", "Vsn") - 1,
  error: keys("Error"),
  join: keys("LTime", "Node"),
  leave: keys("LTime", "Node", "Prune"),
  userEvent: keys("CC", "LTime", "Name", "Payload"),
  state: keys("EventLTime", "Events", "LTime", "LeftMembers", "QueryLTime", "StatusLTimes"),
  slot: keys("Events", "LTime") - 1,
  event: keys("Name", "Payload") - 1,
  coordinate: keys("Adjustment", "Error", "Height", "Vec"),
} as const;

const boolSize = 1;
const floatSize = 9;
/** Returns the size of a message of memberlist. A user message has the form for datagrams. */
export function messageSize(message: PacketMessage | StreamMessage): number {
  switch (message.type) {
    case "ping":
      return frames.ping + textSize(message.node) + uintSize(message.sequence) + sourceSize(message.source);
    case "indirectPing":
      return (
        frames.indirectPing +
        boolSize +
        textSize(message.node) +
        uintSize(message.port) +
        uintSize(message.sequence) +
        bytesSize(message.target) +
        sourceSize(message.source)
      );
    case "ack":
      return frames.ack + bytesSize(message.payload) + uintSize(message.sequence);
    case "nack":
      return frames.nack + uintSize(message.sequence);
    case "suspect":
    case "dead":
      return (
        frames.accusation + textSize(message.from) + uintSize(message.incarnation) + textSize(message.node)
      );
    case "alive":
      return frames.alive + announcedSize(message);
    case "user":
      return 1 + message.payload.length;
    case "error":
      return frames.error + textSize(message.text);
    case "pushPull":
      return pushPullSize(message);
    default:
      return unreachable(message);
  }
}

/** Returns the size of an intent. */
export function intentSize(intent: JoinIntent | LeaveIntent): number {
  const size = uintSize(intent.lamportTime) + textSize(intent.node);
  return intent.type === "leave" ? frames.leave + size + boolSize : frames.join + size;
}

/** Returns the size of a user event. */
export function userEventSize({ lamportTime, name, payload }: UserEventMessage): number {
  return frames.userEvent + boolSize + uintSize(lamportTime) + textSize(name) + bytesSize(payload);
}

/** Returns the size of a coordinate, with its version. */
export function coordinateSize(dimensions: number): number {
  return frames.coordinate + listSize(dimensions) + (3 + dimensions) * floatSize;
}

/** Returns the size of Serf's part of a push/pull. */
export function statusSize(state: PushPullMessage): number {
  const { eventTime, events, lamportTime, leftMembers, queryTime, statusTimes } = state;
  let size = frames.state + uintSize(eventTime) + uintSize(lamportTime) + uintSize(queryTime);
  size += listSize(events.length) + listSize(leftMembers.length) + listSize(statusTimes.size);
  for (const slot of events) size += slotSize(slot);
  for (const name of leftMembers) size += textSize(name);
  for (const [name, time] of statusTimes) size += textSize(name) + uintSize(time);
  return size;
}

function slotSize({ events, lamportTime }: EventSlot): number {
  let size = frames.slot + listSize(events.length) + uintSize(lamportTime);
  for (const { name, payload } of events) size += frames.event + textSize(name) + bytesSize(payload);
  return size;
}

function pushPullSize({ nodes, userState }: PushPull): number {
  let size =
    frames.pushPull + boolSize + uintSize(nodes.length) + uintSize(userState.length) + userState.length;
  for (const node of nodes) size += frames.nodeState + announcedSize(node) + uintSize(node.state);
  return size;
}

/** Returns the size of what a member announces of itself. */
function announcedSize({
  address,
  incarnation,
  meta,
  node,
  port,
  versions,
}: Omit<NodeState, "state">): number {
  return (
    bytesSize(address) +
    uintSize(incarnation) +
    bytesSize(meta) +
    textSize(node) +
    uintSize(port) +
    bytesSize(versions)
  );
}

/** Fields of a probe that are left out if they are empty. */
function sourceSize({ address, node, port }: ProbeSource): number {
  return (
    (address.length > 0 ? rawSize("SourceAddr".length) + bytesSize(address) : 0) +
    (node === "" ? 0 : rawSize("SourceNode".length) + textSize(node)) +
    (port === 0 ? 0 : rawSize("SourcePort".length) + uintSize(port))
  );
}

function keys(...names: readonly string[]): number {
  return names.reduce((size, name) => size + rawSize(name.length), 2);
}

function textSize(text: string): number {
  return rawSize(utf8Length(text));
}

function bytesSize(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : rawSize(bytes.length);
}

/** Text or bytes of this length. */
function rawSize(length: number): number {
  if (length < 32) return 1 + length;
  return (length < 0x1_0000 ? 3 : 5) + length;
}

/** The header of a list or map. */
function listSize(count: number): number {
  if (count < 16) return 1;
  return count < 0x1_0000 ? 3 : 5;
}

function uintSize(value: number | bigint): number {
  if (value < 0x80) return 1;
  if (value < 0x100) return 2;
  if (value < 0x1_0000) return 3;
  return value < 0x1_0000_0000 ? 5 : 9;
}
