/**
 * The deadline queue: timers are data. A key has at most one deadline; setting it again replaces
 * it, so an outdated timer never fires. Equal deadlines fire in the order in which they were set.
 */

interface Entry<T> {
  readonly key: string;
  readonly at: number;
  readonly order: number;
  readonly timer: T;
  /** Whether it was neither replaced nor removed nor taken. */
  live: boolean;
}

/**
 * A binary heap of deadlines, each of which can be replaced by its key. `T` is the discriminated
 * union of the owner's timers.
 */
export class Timers<T> {
  #heap: Entry<T>[] = [];
  readonly #current = new Map<string, Entry<T>>();
  #order = 0;

  /** Sets or replaces the deadline of `key`, in milliseconds of the core's clock. */
  set(key: string, at: number, timer: T): void {
    const entry: Entry<T> = { key, at, order: this.#order++, timer, live: true };
    const replaced = this.#current.get(key);
    if (replaced !== undefined) replaced.live = false;
    this.#current.set(key, entry);
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1);
    if (this.#heap.length > 64 && this.#heap.length > 2 * this.#current.size) this.#rebuild();
  }

  /** Removes the deadline of `key`, if there is one. */
  delete(key: string): void {
    const entry = this.#current.get(key);
    if (entry === undefined) return;
    entry.live = false;
    this.#current.delete(key);
  }

  /** The number of deadlines. */
  get size(): number {
    return this.#current.size;
  }

  /** Returns whether `key` has a deadline. */
  has(key: string): boolean {
    return this.#current.has(key);
  }

  /** Returns the earliest deadline, or `Infinity` if there is none. */
  next(): number {
    this.#discardReplaced();
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Removes and returns the earliest timer that is due at `now`, or returns `undefined`. */
  take(now: number): T | undefined {
    this.#discardReplaced();
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#pop();
    this.#current.delete(first.key);
    return first.timer;
  }

  #discardReplaced(): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.live) return;
      this.#pop();
    }
  }

  #rebuild(): void {
    this.#heap = [...this.#current.values()].sort((a, b) => a.at - b.at || a.order - b.order);
  }

  #before(a: number, b: number): boolean {
    const left = this.#heap[a]!;
    const right = this.#heap[b]!;
    return left.at < right.at || (left.at === right.at && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a]!;
    this.#heap[a] = this.#heap[b]!;
    this.#heap[b] = held;
  }

  #up(start: number): void {
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    for (let index = 0; ; ) {
      let smallest = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && this.#before(child, smallest)) smallest = child;
      }
      if (smallest === index) return;
      this.#swap(index, smallest);
      index = smallest;
    }
  }
}
