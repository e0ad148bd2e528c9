/**
 * The one error class that callers of the library see, its closed set of codes, and the message of any error.
 */

/** What went wrong, for programs. The message is for people. */
export type SerfErrorCode =
  | "ERR_OPTION" // an option, flag or argument is malformed or contradicts another
  | "ERR_ADDRESS" // an address cannot be parsed or resolved
  | "ERR_BIND" // a socket cannot be opened
  | "ERR_STATE" // the call is not allowed in this state (for example join after shutdown)
  | "ERR_JOIN" // no address could be joined
  | "ERR_TIMEOUT" // a wait reached its end
  | "ERR_LIMIT" // a size limit is exceeded
  | "ERR_KEY" // an encryption key is malformed or unknown
  | "ERR_NAME" // a node name is invalid
  | "ERR_WIRE" // bytes from a peer are malformed
  | "ERR_RPC" // the agent answered a request with an error
  | "ERR_CONNECTION"; // a connection cannot be made or broke

/**
 * An error of the caller or of the environment. `code` is stable; `message` says what was attempted and what is wrong.
 */
export class SerfError extends Error {
  /** Stable code from a closed union. */
  readonly code: SerfErrorCode;

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
