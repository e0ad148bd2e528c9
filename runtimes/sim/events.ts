/**
 * Virtual time: the queue of future events, ordered by time and, within one millisecond, by when
 * they were scheduled.
 */
import type { Cancel } from "../../src/runtime.ts";

/** A scheduled event. `run` is `undefined` if it was cancelled. */
interface Event {
  readonly time: number;
  readonly sequence: number;
  run: (() => void) | undefined;
}

/** A binary heap of events. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #sequence = 0;
  /** Virtual milliseconds since the world was created. */
  now = 0;

  /** Calls `run` after `delayMs`; never, if that is `Infinity`. */
  after(delayMs: number, run: () => void): Cancel {
    if (delayMs === Number.POSITIVE_INFINITY) return () => {};
    const time = this.now + (delayMs > 0 ? Math.ceil(delayMs) : 0);
    const event: Event = { time, sequence: this.#sequence, run };
    this.#sequence += 1;
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
    return () => {
      event.run = undefined;
    };
  }

  /** Returns when the next event is due, or `undefined` if there is none. */
  next(): number | undefined {
    while (this.#heap.length > 0 && !this.#heap[0]!.run) this.#pop();
    return this.#heap[0]?.time;
  }

  /**
   * Advances to the time of the next event and runs all events that are due then, except those that
   * are scheduled meanwhile.
   */
  turn(): void {
    const time = this.next();
    if (time === undefined) return;
    this.now = time;
    const last = this.#sequence;
    for (
      let event = this.#heap[0];
      event && event.time <= time && event.sequence < last;
      event = this.#heap[0]
    ) {
      this.#pop();
      event.run?.();
    }
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    for (let index = start; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) return;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let index = start; ; ) {
      let least = index * 2 + 1;
      if (least >= heap.length) return;
      if (least + 1 < heap.length && isBefore(heap[least + 1]!, heap[least]!)) least += 1;
      if (!isBefore(heap[least]!, heap[index]!)) return;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
