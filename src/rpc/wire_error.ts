/**
 * The errors of a peer whose bytes break the protocol.
 */

/**
 * Bytes from the other side that are not what the protocol allows; the connection has to be closed.
 */
export class RpcWireError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RpcWireError";
  }
}

/** Text is not UTF-8 in an object that is otherwise right: the request can be refused. */
export class RpcTextError extends RpcWireError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RpcTextError";
  }
}
