/**
 * Signals as a queue that can be waited for.
 */

import type { Cancel, SignalName, Signals } from "../runtime.ts";

/** Signals kept while nobody waits; further ones are the same news again. */
const queuedSignalsMax = 16;

const handledSignals: readonly SignalName[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Collects the signals an agent acts on, from its creation until it is closed. */
export class SignalQueue {
  readonly #cancels: readonly Cancel[];
  readonly #queued: SignalName[] = [];
  #waiting: ((signal: SignalName) => void) | null = null;
  #next: Promise<SignalName> | null = null;

  constructor(signals: Signals) {
    this.#cancels = handledSignals.map((name) => signals.on(name, () => this.#caught(name)));
  }

  /** The next signal. Waiting again before it came is waiting for the same one. */
  next(): Promise<SignalName> {
    this.#next ??= this.#wait().finally(() => {
      this.#next = null;
    });
    return this.#next;
  }

  /** Stops listening. */
  close(): void {
    for (const cancel of this.#cancels) cancel();
  }

  #wait(): Promise<SignalName> {
    const queued = this.#queued.shift();
    if (queued !== undefined) return Promise.resolve(queued);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #caught(name: SignalName): void {
    if (this.#waiting !== null) {
      this.#waiting(name);
      this.#waiting = null;
    } else if (this.#queued.length < queuedSignalsMax) this.#queued.push(name);
  }
}
