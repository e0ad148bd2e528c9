/**
 * Commands under way: promises that the core settles by number.
 */

import { SerfError, type SerfErrorCode } from "../errors.ts";

interface Waiter {
  readonly code: SerfErrorCode;
  readonly resolve: () => void;
  readonly reject: (error: SerfError) => void;
}

/** Promises of one node. */
export class Calls {
  readonly #waiters = new Map<number, Waiter>();
  #count = 0;

  /** Begins a command and waits for it. A failure of the core becomes SerfError with `code`; what `begin` throws comes out as it is. */
  run(code: SerfErrorCode, begin: (command: number) => void): Promise<void> {
    const command = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiters.set(command, { code, resolve, reject });
      try {
        begin(command);
      } catch (error) {
        this.#waiters.delete(command);
        reject(error);
      }
    });
  }

  /** The core is done with a command. */
  settle(command: number, error: string | undefined): void {
    const waiter = this.#waiters.get(command);
    this.#waiters.delete(command);
    if (error === undefined) waiter?.resolve();
    else waiter?.reject(new SerfError(waiter.code, error));
  }

  /** The node stops: every command fails. */
  close(error: SerfError): void {
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }
}
