/**
 * The accepted streams whose first message is incomplete. Nobody has proved anything on them yet, so
 * strangers can open as many as they like: they share a small number of places and bytes, and a new
 * stream takes the place of the one that deserves it least. A member sends its request at once, so
 * its stream is here for milliseconds and is never the one that has to go.
 */

import type { Address } from "../../../runtime.ts";

/** A stream that waits for its first message. */
export interface WaitingStream {
  readonly id: number;
  readonly peer: Address;
  /** Bytes received so far. */
  received: number;
}

/** The number of places. */
const placesMax = 128;

/** All bytes that may be buffered for waiting streams: three frames of the largest size. */
const bytesMax = 62_914_560;

/** Streams that wait for their first message, in the order in which they were accepted. */
export class Inbound<Stream extends WaitingStream> {
  readonly #waiting = new Map<number, Stream>();
  readonly #byHost = new Map<string, number>();
  #bytes = 0;

  /** The number of waiting streams. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Adds a stream. Returns the one that has to go for it, if all places are taken. */
  add(stream: Stream): Stream | undefined {
    const victim = this.#waiting.size >= placesMax ? this.#leastDeserving() : undefined;
    this.#waiting.set(stream.id, stream);
    const { host } = stream.peer;
    this.#byHost.set(host, (this.#byHost.get(host) ?? 0) + 1);
    return victim;
  }

  /**
   * Counts bytes that arrived on a stream. Returns the stream that has to go, if there are too many
   * bytes: of the source that has most of them, the one that has most.
   */
  received(stream: Stream, bytes: number): Stream | undefined {
    if (!this.#waiting.has(stream.id)) return undefined;
    stream.received += bytes;
    this.#bytes += bytes;
    return this.#bytes > bytesMax ? this.#largest() : undefined;
  }

  /** Removes a stream, because its message is complete or it ended. */
  remove(stream: Stream): void {
    if (!this.#waiting.delete(stream.id)) return;
    this.#bytes -= stream.received;
    const { host } = stream.peer;
    const left = this.#byHost.get(host)! - 1;
    if (left === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, left);
  }

  /** Of the source with most streams, the oldest silent one, else the oldest. */
  #leastDeserving(): Stream | undefined {
    const [host] = [...this.#byHost].reduce((most, each) => (each[1] > most[1] ? each : most));
    let oldest: Stream | undefined;
    for (const stream of this.#waiting.values()) {
      if (stream.peer.host !== host) continue;
      if (stream.received === 0) return stream;
      oldest ??= stream;
    }
    return oldest;
  }

  #largest(): Stream | undefined {
    const byHost = new Map<string, { bytes: number; largest: Stream }>();
    for (const stream of this.#waiting.values()) {
      const known = byHost.get(stream.peer.host);
      if (known === undefined) byHost.set(stream.peer.host, { bytes: stream.received, largest: stream });
      else {
        known.bytes += stream.received;
        if (stream.received > known.largest.received) known.largest = stream;
      }
    }
    let most: { bytes: number; largest: Stream } | undefined;
    for (const source of byHost.values()) if (source.bytes > (most?.bytes ?? -1)) most = source;
    return most?.largest;
  }
}
