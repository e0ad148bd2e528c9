/**
 * A doubly linked list whose entries are ordered by a number, highest first. Entries mostly come in
 * near one of the ends, and are removed anywhere; both take constant time then.
 */

/** A value in an {@link OrderedList}. */
export interface Entry<Value> {
  readonly value: Value;
  readonly order: number;
  previous: Entry<Value> | undefined;
  next: Entry<Value> | undefined;
}

/** Values by descending order. */
export class OrderedList<Value> {
  #first: Entry<Value> | undefined;
  #last: Entry<Value> | undefined;

  /** The entry with the highest order. */
  get first(): Entry<Value> | undefined {
    return this.#first;
  }

  /** The entry with the lowest order. */
  get last(): Entry<Value> | undefined {
    return this.#last;
  }

  /** Adds a value. Its place is searched from both ends at once. */
  add(value: Value, order: number): Entry<Value> {
    let newer = this.#last;
    let older = this.#first;
    while (newer !== undefined && newer.order < order && older !== undefined && older.order > order) {
      newer = newer.previous;
      older = older.next;
    }
    // Whichever search ended first knows both neighbours.
    if (newer === undefined || newer.order >= order) older = newer === undefined ? this.#first : newer.next;
    else newer = older?.previous ?? (older === undefined ? this.#last : undefined);
    const entry: Entry<Value> = { value, order, previous: newer, next: older };
    if (newer === undefined) this.#first = entry;
    else newer.next = entry;
    if (older === undefined) this.#last = entry;
    else older.previous = entry;
    return entry;
  }

  /** Removes an entry of this list. */
  remove({ previous, next }: Entry<Value>): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
  }
}
