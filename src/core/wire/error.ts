/**
 * The error for malformed bytes from a peer. It is caught where packets and streams arrive, and
 * nowhere else.
 */

/** A packet, a frame or a message from a peer was refused as a whole. No state has changed. */
export class WireError extends Error {
  /** Whether the peer of a stream gets an err frame in reply. Packets get no reply. */
  readonly answer: boolean;

  constructor(message: string, options: { readonly answer: boolean } = { answer: false }) {
    // Nobody looks at its stack trace, which would cost more than all else that a stranger's packet
    // does.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = "WireError";
    this.answer = options.answer;
  }
}
