/**
 * Whoever reads the events of a node: a program that is busy with one event, or waits for something
 * else, does not take the next. The node goes on meanwhile, and keeps a bounded number of events.
 */

/** What a node reports, as far as it matters here. */
interface Reported {
  readonly type: string;
}

/** The consumers of one program, which can be stalled. */
export class Consumers {
  /** How often a consumer had to wait, because it was stalled. */
  waits = 0;
  /** The number of events that consumers lost, because they did not take them in time. */
  lost = 0;
  #stalled: Promise<void> | undefined;
  #release: () => void = () => undefined;

  /** Stalls all consumers: none takes a further event until {@link release}. */
  stall(): void {
    this.#stalled ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets them go on with what was kept for them. */
  release(): void {
    this.#stalled = undefined;
    this.#release();
  }

  /**
   * Returns an iterator over the same events, for a consumer that can be stalled.
   *
   * @internal
   */
  reading<Event extends Reported>(events: AsyncIterableIterator<Event>): AsyncIterableIterator<Event> {
    const next = async (): Promise<IteratorResult<Event>> => {
      await this.#turn();
      const result = await events.next();
      if (result.done !== true && isGap(result.value)) this.lost += result.value.count;
      // One that was waiting when it was stalled has taken this event, and gets no further.
      await this.#turn();
      return result;
    };
    const iterator: AsyncIterableIterator<Event> = {
      next,
      return: async () => {
        await events.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  /** Resolves when the consumers are not stalled. */
  async #turn(): Promise<void> {
    if (this.#stalled === undefined) return;
    this.waits += 1;
    while (this.#stalled !== undefined) await this.#stalled;
  }
}

function isGap(event: Reported): event is Reported & { readonly count: number } {
  return event.type === "lagged";
}
