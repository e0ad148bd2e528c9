/**
 * The one error for bytes of a peer that cannot be understood. It is caught where packets and streams arrive, and nowhere else.
 */

/** Bytes from a peer are refused as a whole. Nothing has changed. */
export class WireError extends Error {
  /** Whether a stream peer must be answered with an err frame; a packet is never answered. */
  readonly answer: boolean;

  constructor(message: string, options: { readonly answer: boolean } = { answer: false }) {
    super(message);
    this.name = "WireError";
    this.answer = options.answer;
  }
}
