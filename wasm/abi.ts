/**
 * All numbers that the core and the WebAssembly module must agree on, in one table. `wasm/build.ts`
 * generates two files from it: `src/core/wire/abi.ts` for the core and `wasm/assembly/abi.ts` for
 * AssemblyScript.
 */

/** A group of numbers: one `as const` object in the core, a row of constants in AssemblyScript. */
export interface AbiGroup {
  /** The name of the object in the core. */
  readonly name: string;
  readonly comment: string;
  /** The prefix of the constants in AssemblyScript, whose names are the keys in capitals. */
  readonly prefix: string;
  /** The type of the constants in AssemblyScript. */
  readonly type: "u32" | "i32";
  readonly values: Readonly<Record<string, AbiValue>>;
}

/** A number, with a comment if its name does not explain it. */
export type AbiValue = number | readonly [value: number, comment: string];

/** Words of a record. */
const recordWords = 16;

/** The table. Both files have its order. */
export const abi: readonly AbiGroup[] = [
  {
    name: "MessageType",
    comment: "The first byte of every message (memberlist `net.go`); the protocol fixes these numbers.",
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
      label: [244, "The first byte of a label header."],
    },
  },
  {
    name: "Shape",
    comment: "Objects that are decoded like the body of a message. Message types are shapes too.",
    prefix: "",
    type: "u32",
    values: { nodeState: [14, "An entry of a push/pull. No shape is higher."] },
  },
  {
    name: "Slot",
    comment:
      "Positions of fields in a record, in words; fields of different messages share words. A name has three words (offset, length, number in the name " +
      "table or 0), text has two (offset, length), bytes have two (offset, length + 1; 0 is nil).",
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
      versions: [8, "Bytes, where other messages have a second name."],
      address: 11,
      extra: 13,
      stamp: [
        15,
        "In records of a node: the same as last time if its address, versions and extra bytes are, or 0 if that is not known.",
      ],
    },
  },
  {
    name: "FaultCode",
    comment: "Why a value cannot be decoded (the first four codes), or why a part of a packet is dropped.",
    prefix: "FAULT_",
    type: "u32",
    values: {
      truncated: [1, "The value ends early."],
      malformed: [2, "The value has the wrong type."],
      outOfRange: 3,
      tooDeep: 4,
      unsupported: [5, "Packets have no messages of this type."],
      lengths: [6, "A compound ends within its list of lengths."],
      cut: [7, "A compound ends within a part. The detail is the number of lost parts."],
      empty: [8, "A part has no type byte."],
      compression: [9, "Malformed LZW."],
      algorithm: [10, "A compression other than LZW."],
      envelopes: [11, "Envelopes are nested too deep."],
      many: [12, "The packet has more messages than the table of records can hold."],
      large: [13, "The part decompresses to more than the limit."],
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
    comment:
      "Why `openFrame` refuses a frame, or that it or `sealFrame` is not done. Any other negative result is a negated fault code.",
    prefix: "FRAME_",
    type: "i32",
    values: {
      undecryptable: -20,
      empty: -21,
      more: [-22, "A part is done, and `openMore` or `sealMore` has to be called for the next one."],
    },
  },
  {
    name: "SealFlag",
    comment: "Options of `seal` and `sealFrame`, as bits.",
    prefix: "SEAL_",
    type: "u32",
    values: {
      compress: [1, "Compresses a frame always, a packet only if that makes it smaller."],
      crc: 2,
      encrypt: 4,
      old: [8, "Encrypts with version 0 instead of 1."],
    },
  },
  {
    name: "Size",
    comment: "Sizes and maxima, in bytes unless the name says what is counted.",
    prefix: "",
    type: "u32",
    values: {
      recordWords: [recordWords, "The size of a record in words of 32 bits."],
      recordSize: 4 * recordWords,
      recordsMax: [
        1024,
        "The number of messages of a packet, or of push/pull entries of a batch, that the table can hold.",
      ],
      faultsMax: [
        16,
        "The number of dropped parts of a packet that are described; further ones are only counted.",
      ],
      labelMax: 255,
      nestingMax: [32, "The depth of a msgpack value."],
      nonceSize: 12,
      encryptionOverhead: [29, "The version, nonce and tag around an encrypted text."],
      paddingMax: [16, "Encryption version 0 pads the text by 1 to this many bytes."],
      streamHeaderSize: [5, "The type and length of an encrypted frame."],
    },
  },
];
