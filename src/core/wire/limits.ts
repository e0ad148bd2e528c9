/**
 * The limits of the wire, besides those that the WebAssembly module shares (`Size` in `abi.ts`).
 * Those of frames and compounds are memberlist's own; the others bound the memory and time that a
 * peer can make this program spend, and no real sender reaches them.
 */

/** Maximum counts, and sizes in bytes. */
export const Limits = {
  /** A datagram, as received. */
  packet: 65_536,
  /** All parts of one datagram after decompression. */
  packetDecompressed: 262_144,
  /** Messages in one compound: peers before memberlist 0.2.4 misread 128 and more. */
  parts: 127,
  /** Keys in a ring. */
  keys: 256,
  /** The part of an encrypted stream frame that follows its length. */
  frame: 20_971_520,
  /**
   * A stream message that is neither encrypted nor compressed, or the envelope of a compressed one.
   */
  message: 41_943_040,
  /** The header object of a push/pull or user message. */
  header: 4096,
  /** A stream message after decompression. */
  decompressed: 41_943_040,
  /** Entries in one push/pull: twice as many as members are kept. */
  nodes: 262_144,
  /** The user state in one push/pull. */
  userState: 20_971_520,
  /** A user message on a stream. */
  userMessage: 20_971_520,
} as const;
