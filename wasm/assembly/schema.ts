/**
 * The fields of every message, in one table for decoding and encoding. A field has a key, an index
 * for structs that are sent as arrays, a kind, and a slot in the record.
 */

import {
  ACK,
  ALIVE,
  COMPRESS,
  DEAD,
  ERROR,
  INDIRECT_PING,
  NACK,
  NODE_STATE,
  PING,
  PUSH_PULL,
  SLOT_ADDRESS,
  SLOT_EXTRA,
  SLOT_FLAG,
  SLOT_NODE,
  SLOT_NUMBER,
  SLOT_PEER,
  SLOT_PORT,
  SLOT_SOURCE_PORT,
  SLOT_VERSIONS,
  SUSPECT,
  USER,
} from "./abi";

const SHAPES: u32 = NODE_STATE + 1;

/** Kinds of values. */
export const KIND_U8: u32 = 0;
export const KIND_U16: u32 = 1;
export const KIND_U32: u32 = 2;
export const KIND_INT: u32 = 3;
export const KIND_BOOL: u32 = 4;
export const KIND_NAME: u32 = 5;
export const KIND_TEXT: u32 = 6;
export const KIND_BYTES: u32 = 7;

const FIELDS_MAX: u32 = 8;
const FIELD_SIZE: u32 = 32;
const SHAPE_SIZE: u32 = 16 + FIELDS_MAX * FIELD_SIZE;
const shapes: usize = memory.data(SHAPES * SHAPE_SIZE, 16);

// In the order in which Go writes them, sorted by key. The last argument is whether the field is
// omitted if empty.
field(PING, "Node", 1, KIND_NAME, SLOT_NODE, false);
field(PING, "SeqNo", 0, KIND_U32, SLOT_NUMBER, false);
field(PING, "SourceAddr", 2, KIND_BYTES, SLOT_EXTRA, true);
field(PING, "SourceNode", 4, KIND_NAME, SLOT_PEER, true);
field(PING, "SourcePort", 3, KIND_U16, SLOT_SOURCE_PORT, true);

field(INDIRECT_PING, "Nack", 4, KIND_BOOL, SLOT_FLAG, false);
field(INDIRECT_PING, "Node", 3, KIND_NAME, SLOT_NODE, false);
field(INDIRECT_PING, "Port", 2, KIND_U16, SLOT_PORT, false);
field(INDIRECT_PING, "SeqNo", 0, KIND_U32, SLOT_NUMBER, false);
field(INDIRECT_PING, "SourceAddr", 5, KIND_BYTES, SLOT_EXTRA, true);
field(INDIRECT_PING, "SourceNode", 7, KIND_NAME, SLOT_PEER, true);
field(INDIRECT_PING, "SourcePort", 6, KIND_U16, SLOT_SOURCE_PORT, true);
field(INDIRECT_PING, "Target", 1, KIND_BYTES, SLOT_ADDRESS, false);

field(ACK, "Payload", 1, KIND_BYTES, SLOT_EXTRA, false);
field(ACK, "SeqNo", 0, KIND_U32, SLOT_NUMBER, false);

field(NACK, "SeqNo", 0, KIND_U32, SLOT_NUMBER, false);

field(SUSPECT, "From", 2, KIND_NAME, SLOT_PEER, false);
field(SUSPECT, "Incarnation", 0, KIND_U32, SLOT_NUMBER, false);
field(SUSPECT, "Node", 1, KIND_NAME, SLOT_NODE, false);

field(DEAD, "From", 2, KIND_NAME, SLOT_PEER, false);
field(DEAD, "Incarnation", 0, KIND_U32, SLOT_NUMBER, false);
field(DEAD, "Node", 1, KIND_NAME, SLOT_NODE, false);

field(ALIVE, "Addr", 2, KIND_BYTES, SLOT_ADDRESS, false);
field(ALIVE, "Incarnation", 0, KIND_U32, SLOT_NUMBER, false);
field(ALIVE, "Meta", 4, KIND_BYTES, SLOT_EXTRA, false);
field(ALIVE, "Node", 1, KIND_NAME, SLOT_NODE, false);
field(ALIVE, "Port", 3, KIND_U16, SLOT_PORT, false);
field(ALIVE, "Vsn", 5, KIND_BYTES, SLOT_VERSIONS, false);

field(PUSH_PULL, "Join", 2, KIND_BOOL, SLOT_FLAG, false);
field(PUSH_PULL, "Nodes", 0, KIND_INT, SLOT_NUMBER, false);
field(PUSH_PULL, "UserStateLen", 1, KIND_INT, SLOT_PORT, false);

field(NODE_STATE, "Addr", 1, KIND_BYTES, SLOT_ADDRESS, false);
field(NODE_STATE, "Incarnation", 4, KIND_U32, SLOT_NUMBER, false);
field(NODE_STATE, "Meta", 3, KIND_BYTES, SLOT_EXTRA, false);
field(NODE_STATE, "Name", 0, KIND_NAME, SLOT_NODE, false);
field(NODE_STATE, "Port", 2, KIND_U16, SLOT_PORT, false);
field(NODE_STATE, "State", 5, KIND_INT, SLOT_FLAG, false);
field(NODE_STATE, "Vsn", 6, KIND_BYTES, SLOT_VERSIONS, false);

field(USER, "UserMsgLen", 0, KIND_INT, SLOT_NUMBER, false);

field(COMPRESS, "Algo", 0, KIND_U8, SLOT_NUMBER, false);
field(COMPRESS, "Buf", 1, KIND_BYTES, SLOT_EXTRA, false);

field(ERROR, "Error", 0, KIND_TEXT, SLOT_NODE, false);

function field(shape: u32, key: string, index: u32, kind: u32, slot: u32, optional: bool): void {
  const start = shapeAt(shape);
  const count = load<u32>(start);
  const at = fieldAt(start, count);
  store<u32>(start, count + 1);
  for (let letter = 0; letter < key.length; letter++) store<u8>(at + letter, <u8>key.charCodeAt(letter));
  store<u8>(at, <u8>key.length, 16);
  store<u8>(at, <u8>index, 17);
  store<u8>(at, <u8>kind, 18);
  store<u8>(at, <u8>(slot << 2), 19);
  store<u8>(at, <u8>optional, 20);
}

/** Returns the address of the fields of a shape: `NODE_STATE`, or a message type below it. */
export function shapeAt(shape: u32): usize {
  return shapes + shape * SHAPE_SIZE;
}

/** Returns how many fields a shape has; 0 if the type has no msgpack body. */
export function fieldCount(shape: usize): u32 {
  return load<u32>(shape);
}

/** Returns the address of a field of a shape. Fields are sorted by key. */
export function fieldAt(shape: usize, number: u32): usize {
  return shape + 16 + number * FIELD_SIZE;
}

/** Reads a field's description. */
export class Field {
  @inline static key(field: usize): v128 {
    return v128.load(field);
  }
  @inline static keyLength(field: usize): u32 {
    return load<u8>(field, 16);
  }
  @inline static index(field: usize): u32 {
    return load<u8>(field, 17);
  }
  @inline static kind(field: usize): u32 {
    return load<u8>(field, 18);
  }
  /** Returns the offset of the slot in a record, in bytes. */
  @inline static slot(field: usize): usize {
    return load<u8>(field, 19);
  }
  @inline static optional(field: usize): bool {
    return load<u8>(field, 20) !== 0;
  }
}
