/**
 * The maxima of the wire, beside those that the module shares (`Size` in `abi.ts`). Those that peers know are memberlist's own; the
 * others bound what a peer can make this program do, and lie far above what any sender uses.
 */

/** Named maxima; sizes in bytes. */
export const Limits = {
  /** A datagram, as received. */
  packet: 65_536,
  /** All that the parts of one datagram may decompress to. */
  packetDecompressed: 262_144,
  /** Parts put into one compound; peers before memberlist 0.2.4 misread 128 and more. */
  parts: 127,
  /** Keys in a ring. */
  keys: 256,
  /** What follows the length of an encrypted stream frame. */
  frame: 20_971_520,
  /** A stream message that is neither encrypted nor compressed, or the envelope of a compressed one. */
  message: 41_943_040,
  /** The header object of a push/pull or user message. */
  header: 4096,
  /** What a stream message may decompress to. */
  decompressed: 41_943_040,
  /** Entries in one push/pull. */
  nodes: 1_048_576,
  /** The user state in one push/pull. */
  userState: 20_971_520,
  /** A user message on a stream. */
  userMessage: 20_971_520,
} as const;
