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
    // The property is no part of the language, and undefined in some browsers.
    const limited = Error as typeof Error & { stackTraceLimit: number | undefined };
    const { stackTraceLimit } = limited;
    limited.stackTraceLimit = 0;
    super(message);
    limited.stackTraceLimit = stackTraceLimit;
    this.name = "WireError";
    this.answer = options.answer;
  }
}
