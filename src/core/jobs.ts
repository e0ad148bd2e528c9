/**
 * Work that may take too long for one turn. A job is a generator: each `yield` ends a slice, and a
 * later tick runs the next one, so that other inputs are handled in between. A job that does not
 * yield is done in the turn in which it begins.
 */

/** A job. It returns its result in the last slice. */
export type Job<Result = void> = Generator<undefined, Result, undefined>;

/** The time of the slice that is running, in milliseconds. */
export interface Turn {
  readonly now: number;
}

interface Waiting {
  readonly job: Job;
  readonly isWanted: () => boolean;
}

/** Jobs in the order in which they began. Each tick runs one slice of the oldest one. */
export class Jobs {
  readonly #arm: (at: number) => void;
  readonly #turn = { now: 0 };
  #waiting: Waiting[] = [];

  /** `arm` is called with the time at which {@link next} has to be called. */
  constructor(arm: (at: number) => void) {
    this.#arm = arm;
  }

  /** The number of jobs that wait for their next slice. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Runs the first slice of a job. Before each later one, drops the job unless `isWanted`. */
  begin(now: number, isWanted: () => boolean, work: (turn: Turn) => Job): void {
    const waiting = { job: work(this.#turn), isWanted };
    if (this.#runSlice(now, waiting)) return;
    this.#waiting.push(waiting);
    this.#arm(now + 1);
  }

  /** Runs the next slice of the oldest job. */
  next(now: number): void {
    const first = this.#waiting[0];
    if (first === undefined) return;
    let isOver = true;
    try {
      isOver = this.#runSlice(now, first);
    } finally {
      if (isOver && this.#waiting[0] === first) this.#waiting.shift();
      if (this.#waiting.length > 0) this.#arm(now + 1);
    }
  }

  /** Drops all jobs. Their `finally` clauses run. */
  stop(now: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#turn.now = now;
    for (const { job } of waiting) job.return();
  }

  /** Runs one slice. Returns whether the job is over. */
  #runSlice(now: number, { job, isWanted }: Waiting): boolean {
    this.#turn.now = now;
    const { done = false } = isWanted() ? job.next() : job.return();
    return done;
  }
}

/**
 * Visits items in their order, `atOnce` in a slice. Returns what `each` returned for the first item
 * for which that is not `undefined`; visits no further ones.
 */
export function* visit<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  each: (item: Item) => Result | undefined,
): Job<Result | undefined> {
  for (let index = 0; index < items.length; index++) {
    if (index > 0 && index % atOnce === 0) yield;
    const result = each(items[index]!);
    if (result !== undefined) return result;
  }
  return undefined;
}

/** Runs a job to its end in one turn and returns its result. */
export function finish<Result>(job: Job<Result>): Result {
  let step = job.next();
  while (step.done !== true) step = job.next();
  return step.value;
}
