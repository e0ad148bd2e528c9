/**
 * Closes the connections of strangers slowly when they are many. Who opens connections without end
 * opens the next one as soon as one is closed, so the rate of closing is what such a peer can make
 * this program do.
 */

import type { Clock, Connection } from "../runtime.ts";

/** So many connections are closed at once in {@link holdMs}; those beyond are held. */
const promptMax = 64;
/** The maximum number of connections that are held; the oldest is dropped for a new one. */
export const heldMax = 512;
/** How long a connection is held. */
export const holdMs = 5_000;

/** The connections of one listener that wait to be closed. */
export class SlowClose {
  readonly #clock: Clock;
  /** In the order in which they are to be closed; nothing is read from them meanwhile. */
  readonly #held = new Map<Connection, number>();
  #timed = false;
  #prompt = 0;
  #countedFrom: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedFrom = clock.now();
  }

  /** The number of connections that are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Closes a connection, at once or within {@link holdMs}. */
  close(connection: Connection): void {
    const now = this.#clock.now();
    if (now - this.#countedFrom >= holdMs) {
      this.#countedFrom = now;
      this.#prompt = 0;
    }
    if (this.#prompt < promptMax) {
      this.#prompt += 1;
      connection.close();
      return;
    }
    if (this.#held.size >= heldMax) this.#closeOldest();
    this.#held.set(connection, now + holdMs);
    this.#arm(holdMs);
  }

  /** Closes all that are held. */
  closeAll(): void {
    while (this.#held.size > 0) this.#closeOldest();
  }

  #closeOldest(): void {
    for (const [connection] of this.#held) {
      this.#held.delete(connection);
      connection.close();
      return;
    }
  }

  #arm(delayMs: number): void {
    if (this.#timed) return;
    this.#timed = true;
    this.#clock.after(delayMs, () => {
      this.#timed = false;
      this.#closeDue();
    });
  }

  #closeDue(): void {
    const now = this.#clock.now();
    for (const [, at] of this.#held) {
      if (at > now) {
        // This holds several of them, so that there are not as many timers.
        this.#arm(Math.max(at - now, holdMs / 10));
        return;
      }
      this.#closeOldest();
    }
  }
}
