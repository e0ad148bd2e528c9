/**
 * The error that keeps an agent from starting.
 */

/**
 * A setting or a system that the agent cannot start with; the message is Serf's and is printed
 * behind `==> `.
 */
export class StartFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartFailure";
  }
}
