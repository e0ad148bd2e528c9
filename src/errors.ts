/**
 * The error class that callers of the library see, its closed set of codes, and the message of any
 * caught value.
 */

/**
 * The kinds of {@link SerfError}, for programs to compare with; the error's message is for people.
 */
export type SerfErrorCode =
  | "ERR_OPTION" // an option, flag or argument is malformed or contradicts another
  | "ERR_ADDRESS" // an address cannot be parsed or resolved
  | "ERR_BIND" // a socket cannot be opened
  | "ERR_STATE" // the call is not allowed in this state, for example a join after shutdown
  | "ERR_JOIN" // no address could be joined
  | "ERR_TIMEOUT" // something took longer than it may
  | "ERR_LIMIT" // a size limit is exceeded
  | "ERR_KEY" // an encryption key is malformed or not installed
  | "ERR_NAME" // a node name is invalid
  | "ERR_WIRE" // bytes from a peer are malformed
  | "ERR_RPC" // the agent replied to a request with an error
  | "ERR_CONNECTION"; // a connection cannot be opened, or it broke

/**
 * A mistake of the caller or a failure of the environment. `code` is stable across versions;
 * `message` is for people and names what was attempted and what is wrong; `cause` is the underlying
 * error, if there is one.
 */
export class SerfError extends Error {
  /** The kind of error. Stable, unlike the message. */
  readonly code: SerfErrorCode;

  /** `code` is for programs, `message` for people. */
  constructor(code: SerfErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SerfError";
    this.code = code;
  }
}

/** The message of anything that was thrown, for a log or an answer. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
