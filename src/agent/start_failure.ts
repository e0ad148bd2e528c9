/**
 * The error that keeps an agent from starting.
 */

import { SystemError } from "../runtime.ts";

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

/** Returns whether something else already listens at an address that the agent needs. */
export function isAddressInUse(error: unknown): boolean {
  if (error instanceof SystemError) return error.code === "EADDRINUSE";
  return error instanceof Error && isAddressInUse(error.cause);
}
