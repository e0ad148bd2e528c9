/**
 * Finds those who wait for simulated time while it stands still, for example a test that awaits
 * `Serf.start(options, runtime)` outside of `World.run` and `World.settle`. Without this they would
 * wait for ever.
 */

/** How long a promise has to be pending, in turns of the event loop that each take `turnMs`. */
const turnCount = 10;
const turnMs = 100;

/** Real timers, even if a test replaces the global ones later. */
const { setTimeout, clearTimeout } = globalThis;

/**
 * Begins an operation, like the executor of its promise. The returned function undoes that, so that
 * an operation whose promise has rejected does not bind a port later.
 */
export type Begin<T> = (
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
) => (() => void) | undefined;

interface Waiter {
  turns: number;
  readonly fail: () => void;
}

/**
 * Watches the promises of simulated programs. Those that were made while time stood still reject
 * when it has not moved for ten turns of the event loop and a second: then the caller awaits the
 * promise instead of moving time. Others may be pending as long as they like.
 */
export class StandstillWatch {
  readonly #waiters: Set<Waiter> = new Set();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #moving = 0;
  #moves = 0;

  /** How often time began to move. */
  get moves(): number {
    return this.#moves;
  }

  /** Whether time moves. */
  get moving(): boolean {
    return this.#moving > 0;
  }

  /** Time moves, until {@link rest} was called as often. */
  move(): void {
    this.#moving += 1;
    this.#moves += 1;
    this.#waiters.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Ends a {@link move}. */
  rest(): void {
    this.#moving -= 1;
  }

  /** Returns a promise, which is watched if time stands still now. */
  watch<T>(begin: Begin<T>): Promise<T> {
    if (this.moving) return new Promise<T>((resolve, reject) => void begin(resolve, reject));
    // Made here, so that its stack leads to the caller.
    const error = new Error(
      "Cannot wait for simulated time: it stands still, because neither run nor settle of the World is in progress. " +
        "Pass the promise to settle: await world.settle(Serf.start(options, runtime))",
    );
    return new Promise<T>((resolve, reject) => {
      let undo: (() => void) | undefined;
      const waiter: Waiter = {
        turns: 0,
        fail: () => {
          undo?.();
          reject(error);
        },
      };
      this.#waiters.add(waiter);
      undo = begin(
        (value) => {
          this.#waiters.delete(waiter);
          resolve(value);
        },
        (reason) => {
          this.#waiters.delete(waiter);
          reject(reason);
        },
      );
      this.#count();
    });
  }

  /** Counts the turns of the event loop while there are waiters. */
  #count(): void {
    if (this.#timer !== undefined || this.#waiters.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const waiter of this.#waiters) {
        waiter.turns += 1;
        if (waiter.turns < turnCount) continue;
        this.#waiters.delete(waiter);
        waiter.fail();
      }
      this.#count();
    }, turnMs);
  }
}
