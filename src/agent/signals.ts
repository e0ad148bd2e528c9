/**
 * Signals as a queue that can be waited for.
 */

import { ReadQueue } from "../async/read_queue.ts";
import type { Cancel, SignalName, Signals } from "../runtime.ts";

/** Signals that are kept while nobody waits; further ones would only repeat them. */
const queuedSignalsMax = 16;

const handledSignals: readonly SignalName[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Collects the signals an agent acts on, from its creation until it is closed. */
export class SignalQueue {
  readonly #cancels: readonly Cancel[];
  readonly #queue = new ReadQueue<SignalName>();
  #next: Promise<SignalName> | undefined;

  constructor(signals: Signals) {
    this.#cancels = handledSignals.map((name) => signals.on(name, () => this.#caught(name)));
  }

  /** The next signal. Until it comes, further calls wait for the same one. */
  next(): Promise<SignalName> {
    this.#next ??= this.#queue.next().then(({ value }) => {
      this.#next = undefined;
      return value;
    });
    return this.#next;
  }

  /** Stops listening. */
  close(): void {
    for (const cancel of this.#cancels) cancel();
  }

  #caught(name: SignalName): void {
    if (this.#queue.size < queuedSignalsMax) this.#queue.push(name);
  }
}
