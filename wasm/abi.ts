/**
 * Every number that the core and the WebAssembly module have to agree on, as one table. `wasm/build.ts` writes it out twice: as
 * `src/core/wire/abi.ts` for the core, and as `wasm/assembly/abi.ts` for AssemblyScript.
 */

/** Numbers that belong together: one `as const` object in the core, a run of constants in AssemblyScript. */
export interface AbiGroup {
  /** The object in the core. */
  readonly name: string;
  readonly comment: string;
  /** What the constants of AssemblyScript begin with; their names are the keys in capitals. */
  readonly prefix: string;
  /** The type of the constants. */
  readonly type: "u32" | "i32";
  readonly values: Readonly<Record<string, AbiValue>>;
}

/** A number, with a sentence where its name is not enough. */
export type AbiValue = number | readonly [value: number, comment: string];

/** Words of a record. */
const recordWords = 16;

/** The table. Both files are written in this order. */
export const abi: readonly AbiGroup[] = [
  {
    name: "MessageType",
    comment: "First byte of every message (memberlist `net.go`); frozen by the protocol.",
    prefix: "",
    type: "u32",
    values: {
      ping: 0,
      indirectPing: 1,
      ack: 2,
      suspect: 3,
      alive: 4,
      dead: 5,
      pushPull: 6,
      compound: 7,
      user: 8,
      compress: 9,
      encrypt: 10,
      nack: 11,
      crc: 12,
      error: 13,
      label: [244, "First byte of a label header."],
    },
  },
  {
    name: "Shape",
    comment: "Objects that are decoded like the body of a message; message types are shapes too.",
    prefix: "",
    type: "u32",
    values: { nodeState: [14, "One entry of a push/pull; the highest shape."] },
  },
  {
    name: "Slot",
    comment:
      "Words within a record. Messages that need fewer share them. A name has three words (offset, length, number in the name " +
      "table or 0), a text two (offset, length), bytes two (offset, length + 1; 0 is nil).",
    prefix: "SLOT_",
    type: "u32",
    values: {
      type: 0,
      number: [1, "A sequence number, an incarnation or a count."],
      port: 2,
      flag: 3,
      sourcePort: 4,
      node: 5,
      peer: 8,
      versions: [8, "Bytes, in the place of a second name."],
      address: 11,
      extra: 13,
    },
  },
  {
    name: "FaultCode",
    comment: "Why a value cannot be decoded (the first four), or why a part of a packet is dropped.",
    prefix: "FAULT_",
    type: "u32",
    values: {
      truncated: [1, "The value ends early."],
      malformed: [2, "The value has the wrong type."],
      outOfRange: 3,
      tooDeep: 4,
      unsupported: [5, "No message of this type comes in a packet."],
      lengths: [6, "A compound ends within its lengths."],
      cut: [7, "A compound ends within a part; comes with the number of lost parts."],
      empty: [8, "A part has no type byte."],
      compression: [9, "Malformed LZW."],
      algorithm: [10, "A compression other than LZW."],
      envelopes: [11, "Too many envelopes inside each other."],
      many: [12, "More messages than the table of records holds."],
      large: [13, "Decompresses to more than the limit."],
    },
  },
  {
    name: "DropCode",
    comment: "Why `open` drops a whole packet.",
    prefix: "DROP_",
    type: "i32",
    values: { empty: -1, labelMalformed: -2, labelWrong: -3, undecryptable: -4, checksumWrong: -5 },
  },
  {
    name: "FrameCode",
    comment: "Why `openFrame` refuses a frame; any other negative result is a fault code, negated.",
    prefix: "FRAME_",
    type: "i32",
    values: { undecryptable: -20, empty: -21 },
  },
  {
    name: "SealFlag",
    comment: "What `seal` and `sealFrame` do, as bits.",
    prefix: "SEAL_",
    type: "u32",
    values: {
      compress: [1, "A packet only if that makes it smaller, a frame always."],
      crc: 2,
      encrypt: 4,
      old: [8, "With encryption version 0 instead of 1."],
    },
  },
  {
    name: "Size",
    comment: "Sizes and maxima, in bytes unless the name says what is counted.",
    prefix: "",
    type: "u32",
    values: {
      recordWords: [recordWords, "A record, in words of 32 bits."],
      recordSize: 4 * recordWords,
      recordsMax: [1024, "Messages of one packet, or push/pull entries of one batch, that the table holds."],
      faultsMax: [16, "Dropped parts of one packet that are described; further ones are only counted."],
      labelMax: 255,
      nestingMax: [32, "Depth of a msgpack value."],
      nonceSize: 12,
      streamHeaderSize: [5, "Type and length of an encrypted frame."],
    },
  },
];
