/**
 * The one error for malformed bytes from a peer. It never leaves the machine that received them.
 */

/** Bytes from a peer are malformed or refused. */
export class WireError extends Error {
  /** Whether the sender of a stream is told, with an error message, before it is closed. */
  readonly answer: boolean;

  constructor(message: string, options: { readonly answer?: boolean } = {}) {
    super(message);
    this.name = "WireError";
    this.answer = options.answer ?? false;
  }
}
