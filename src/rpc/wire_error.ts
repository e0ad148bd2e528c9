/**
 * The error of a peer whose bytes break the protocol.
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
