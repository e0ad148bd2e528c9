/**
 * A running program on a simulated host. All its timers, sockets and promises go through here, so
 * that a pause delays them and a crash ends them: they never call back or settle after it.
 */
import type { Cancel, SignalName } from "../../src/runtime.ts";
import { Consumers } from "./consumers.ts";
import type { EventQueue } from "./events.ts";
import type { Begin, StandstillWatch } from "./standstill.ts";

/**
 * The maximum number of calls that wait for a paused program; further ones are lost, as with a full
 * receive buffer.
 */
const deferredCountMax = 100_000;

/** A program, from its start to its end. */
export class Process {
  readonly signals: Map<SignalName, Set<() => void>> = new Map();
  readonly #events: EventQueue;
  readonly #standstill: StandstillWatch;
  readonly #deferred: (() => void)[] = [];
  /** Whoever reads the events of a node in this program. */
  readonly consumers: Consumers = new Consumers();
  alive = true;
  #paused = false;
  /** How often time had moved when the world called the program, if it did. */
  #calledAt: number | undefined;

  constructor(events: EventQueue, standstill: StandstillWatch) {
    this.#events = events;
    this.#standstill = standstill;
  }

  /**
   * Notes that the world calls the program now. What it waits for before time moves again is no
   * mistake, because nobody outside awaits it.
   */
  called(): void {
    this.#calledAt = this.#standstill.moves;
  }

  /**
   * Returns a promise of this program. All promises of its runtime are made here, so that those who await one
   * while time stands still get an error.
   */
  promise<T>(begin: Begin<T>): Promise<T> {
    if (this.#calledAt === this.#standstill.moves)
      return new Promise((resolve, reject) => void begin(resolve, reject));
    return this.#standstill.watch(begin);
  }

  /** Like {@link promise}, for one that this program made itself and settles when something arrives. */
  waitFor<T>(promise: Promise<T>): Promise<T> {
    if (this.#standstill.moving) return promise;
    return this.promise((resolve, reject) => {
      promise.then(resolve, reject);
      return undefined;
    });
  }

  /** Calls `run` in this program after a delay. */
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

  /** Calls `run` in this program: now, or when it is resumed, or never if it has ended. */
  enter(run: () => void): void {
    if (!this.alive) return;
    if (!this.#paused) run();
    else if (this.#deferred.length < deferredCountMax) this.#deferred.push(run);
  }

  /**
   * Calls `run` after a delay. The promise settles with its result; never, if the program has ended
   * before.
   */
  perform<T>(delayMs: number, run: () => T): Promise<T> {
    return this.promise((resolve, reject) =>
      this.after(delayMs, () => {
        try {
          resolve(run());
        } catch (error) {
          reject(error);
        }
      }),
    );
  }

  pause(): void {
    this.#paused = true;
  }

  /** Ends the pause and runs everything that waited, in order. */
  resume(): void {
    this.#paused = false;
    for (const run of this.#deferred.splice(0)) this.enter(run);
  }
}
