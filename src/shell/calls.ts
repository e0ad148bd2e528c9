/**
 * The commands under way: promises that the core settles by number.
 */

import { untilAborted } from "../async/until_aborted.ts";
import { SerfError, type SerfErrorCode } from "../errors.ts";
import type { Clock, Signal } from "../runtime.ts";
import { kinds, type OptionTable } from "./options/arguments.ts";

/** Options of calls that wait. */
export interface CallOptions {
  /** Rejects the call with its reason when it is aborted. What was begun goes on. */
  readonly signal?: Signal | undefined;
}

/** What these options must be. */
export const callKinds: OptionTable<CallOptions> = { signal: kinds.signal };

/** Options of {@link Serf.removeFailedNode}. */
export interface RemoveOptions extends CallOptions {
  /** Whether the member is erased everywhere. Default false. */
  readonly prune?: boolean | undefined;
}

/** What these options must be. */
export const removeKinds: OptionTable<RemoveOptions> = { ...callKinds, prune: kinds.flag };

interface Waiter {
  readonly code: SerfErrorCode;
  readonly resolve: () => void;
  readonly reject: (error: SerfError) => void;
}

/** The commands under way of one node. */
export class Calls {
  readonly #waiters = new Map<number, Waiter>();
  readonly #clock: Clock;
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Begins a command and waits for it like {@link waitFor}. Rejects as {@link begin} does, and with
   * the reason of `signal`; the command goes on then.
   */
  async run(
    code: SerfErrorCode,
    begin: (command: number) => void,
    signal: Signal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted();
    await untilAborted(signal, this.waitFor(this.begin(code, begin)));
  }

  /**
   * Begins a command; the promise settles with it. Rejects with SerfError (`code`) if the core
   * settles it with an error, and with what `begin` throws.
   */
  begin(code: SerfErrorCode, begin: (command: number) => void): Promise<void> {
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

  /** Waits for a command that was begun; see {@link Clock.waitFor}. */
  waitFor(call: Promise<void>): Promise<void> {
    return this.#clock.waitFor?.(call) ?? call;
  }

  /** Settles a command, with an error if it failed. */
  settle(command: number, error: string | undefined): void {
    const waiter = this.#waiters.get(command);
    this.#waiters.delete(command);
    if (error === undefined) waiter?.resolve();
    else waiter?.reject(new SerfError(waiter.code, error));
  }

  /** Rejects all commands with `error`, because the node stops. */
  close(error: SerfError): void {
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }
}
