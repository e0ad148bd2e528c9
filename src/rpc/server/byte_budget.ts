/**
 * Counts the bytes that wait for all clients of a server. What several queues hold, such as the body
 * of an event, exists once and is counted once.
 */

/** Bytes that may wait for all clients together; those furthest behind are then disconnected. */
export const totalBytesMax: number = 128 << 20;

/** Bytes and how many times they are held. */
export class ByteBudget {
  readonly #max: number;
  readonly #holders = new Map<Uint8Array, number>();
  #used = 0;

  constructor(max: number = totalBytesMax) {
    this.#max = max;
  }

  /** Bytes that are held. */
  get used(): number {
    return this.#used;
  }

  /** Whether more is held than may be. */
  get exceeded(): boolean {
    return this.#used > this.#max;
  }

  /** One more queue holds `bytes`; the same array is the same bytes. */
  hold(bytes: Uint8Array): void {
    const holders = this.#holders.get(bytes) ?? 0;
    this.#holders.set(bytes, holders + 1);
    if (holders === 0) this.#used += bytes.length;
  }

  /** A queue has let go of `bytes`. */
  release(bytes: Uint8Array): void {
    const holders = this.#holders.get(bytes)!;
    if (holders > 1) {
      this.#holders.set(bytes, holders - 1);
      return;
    }
    this.#holders.delete(bytes);
    this.#used -= bytes.length;
  }
}
