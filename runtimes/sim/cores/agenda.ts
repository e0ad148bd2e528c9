/**
 * Virtual time for very many small events: a wheel with one list for each millisecond. Events of
 * the same millisecond happen in the order in which they were added, and nothing is compared. What
 * is further away than the wheel reaches waits beside it.
 */

const wheelSize = 1 << 13;
const wheelMask = wheelSize - 1;

interface Distant<Happening> {
  readonly at: number;
  readonly happening: Happening;
}

/** What happens when, in whole milliseconds. */
export class Agenda<Happening> {
  /** Virtual milliseconds since the world was created. */
  now = 0;
  readonly #wheel: Happening[][] = Array.from({ length: wheelSize }, () => []);
  /** What happens at `#horizon` or later, in the order in which it was added. */
  #distant: Distant<Happening>[] = [];
  #horizon = wheelSize;

  /** Adds what happens at a time, which is rounded up and at least the present one. */
  at(time: number, happening: Happening): void {
    const at = time > this.now ? Math.ceil(time) : this.now;
    if (at < this.#horizon) this.#wheel[at & wheelMask]!.push(happening);
    else if (at !== Number.POSITIVE_INFINITY) this.#distant.push({ at, happening });
  }

  /** Lets everything happen that is due up to and including `end`. */
  run(end: number, happen: (happening: Happening) => void): void {
    for (; ; this.now += 1) {
      if (this.#horizon - this.now <= wheelSize / 2) this.#extend();
      const due = this.#wheel[this.now & wheelMask]!;
      // What happens may add to the same millisecond.
      for (let index = 0; index < due.length; index += 1) happen(due[index]!);
      if (due.length > 0) due.length = 0;
      if (this.now >= end) return;
    }
  }

  /** Moves the horizon as far as the wheel reaches. */
  #extend(): void {
    this.#horizon = this.now + wheelSize;
    const distant = this.#distant;
    this.#distant = [];
    for (const { at, happening } of distant) this.at(at, happening);
  }
}
