/**
 * A queue that one side pushes to and the other side reads at its own pace. It has no limit itself:
 * the pushing side decides what is dropped if the reader does not keep up.
 */

interface Reader<Item> {
  readonly resolve: (result: IteratorResult<Item>) => void;
  readonly reject: (error: unknown) => void;
}

/** Items that wait for their reader. */
export class ReadQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = [];
  readonly #readers: Reader<Item>[] = [];
  readonly #left: () => void;
  #ended = false;
  /** What the reader has to be told at the end, once. */
  #failure: { readonly error: unknown } | undefined;

  /** `left` is called if the reader stops before the end. */
  constructor(left: () => void = () => undefined) {
    this.#left = left;
  }

  /** Items that wait for the reader. */
  get size(): number {
    return this.#items.length;
  }

  /** Whether the reader waits for an item. */
  get reading(): boolean {
    return this.#readers.length > 0;
  }

  /** Whether nothing more can be pushed. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Hands an item to the reader, or keeps it until the reader asks. Does nothing after the end. */
  push(item: Item): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader.resolve({ done: false, value: item });
  }

  /** Takes the oldest item that waits. */
  shift(): Item | undefined {
    return this.#items.shift();
  }

  /** Ends the queue; what waits can still be read. Idempotent. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined });
  }

  /**
   * Ends the queue with an error: after the items that wait, one call of {@link next} rejects with
   * it. Does nothing after the end.
   */
  fail(error: unknown): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader === undefined) this.#failure = { error };
    else reader.reject(error);
    this.end();
  }

  /** The next item, as soon as there is one. */
  next(): Promise<IteratorResult<Item>> {
    if (this.#items.length > 0) return Promise.resolve({ done: false, value: this.#items.shift()! });
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure.error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** The reader stops: drops what waits and ends the queue. */
  return(): Promise<IteratorResult<Item>> {
    this.#items.length = 0;
    this.#failure = undefined;
    if (!this.#ended) this.#left();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** @inheritdoc */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
