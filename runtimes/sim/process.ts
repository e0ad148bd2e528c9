/**
 * A running program on a simulated host. Whatever it waits for goes through here, so that a crash ends it in the middle of things and
 * a pause holds it up: after a crash its timers, sockets and promises stay silent for ever.
 */
import type { Cancel, SignalName } from "../../src/runtime.ts";
import type { EventQueue } from "./events.ts";

/** Most things that wait for a paused program; further ones are lost, as from a full receive buffer. */
const deferredCountMax = 100_000;

/** One life of a program. */
export class Process {
  readonly signals: Map<SignalName, Set<() => void>> = new Map();
  readonly #events: EventQueue;
  readonly #deferred: (() => void)[] = [];
  alive = true;
  #paused = false;

  constructor(events: EventQueue) {
    this.#events = events;
  }

  /** Runs `run` in this program after a delay. */
  after(delayMs: number, run: () => void): Cancel {
    let cancelled = false;
    const cancel = this.#events.after(delayMs, () =>
      this.enter(() => {
        if (!cancelled) run();
      }),
    );
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** Runs `run` in this program: now, when it goes on, or never. */
  enter(run: () => void): void {
    if (!this.alive) return;
    if (!this.#paused) run();
    else if (this.#deferred.length < deferredCountMax) this.#deferred.push(run);
  }

  /** A promise that settles after a delay with what `run` returns or throws, and never if the program dies before. */
  perform<T>(delayMs: number, run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.after(delayMs, () => {
        try {
          resolve(run());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  pause(): void {
    this.#paused = true;
  }

  /** Goes on, with everything that has come up meanwhile, in order. */
  resume(): void {
    this.#paused = false;
    for (const run of this.#deferred.splice(0)) this.enter(run);
  }
}
