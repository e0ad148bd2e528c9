/**
 * Notices when strangers flood the gossip port, and lets members be heard meanwhile. The system drops
 * what does not fit the receive buffer before this program could tell strangers from members, so the
 * socket gets the addresses of members and reserves buffers for them until the flood is over.
 */

import type { LogLevel } from "../../core/effects.ts";
import type { Address, Cancel, Clock, DatagramHandler, DatagramSocket } from "../../runtime.ts";

/** A flood is more than this many datagrams in {@link intervalMs}. */
export const floodCount = 10_000;
/** The time for which datagrams are counted, and after which members are looked up again. */
export const intervalMs = 1_000;
/** A flood is over when there were less for so long. */
export const quietMs = 60_000;
/** The maximum number of members for which buffers are reserved: each costs a file descriptor. */
export const reservedMax = 256;

/** What {@link FloodWatch} needs of the node. */
export interface FloodWatchOptions {
  /** Returns the addresses of members, those that matter most first. */
  readonly peers: (countMax: number) => readonly Address[];
  readonly log: (level: LogLevel, text: string) => void;
}

/** A flood that goes on. */
interface Flood {
  readonly begunAt: number;
  /** When there was too much for the last time. */
  lastAt: number;
  total: number;
}

/** Counts the datagrams of one socket. */
export class FloodWatch {
  readonly #clock: Clock;
  readonly #socket: Pick<DatagramSocket, "reserve">;
  readonly #options: FloodWatchOptions;
  #count = 0;
  #countedFrom: number;
  #flood: Flood | undefined;
  #cancelTimer: Cancel | undefined;
  #stopped = false;

  constructor(clock: Clock, socket: Pick<DatagramSocket, "reserve">, options: FloodWatchOptions) {
    this.#clock = clock;
    this.#socket = socket;
    this.#options = options;
    this.#countedFrom = clock.now();
  }

  /** Returns a receiver of datagrams that counts them and passes them on. */
  counted(receive: DatagramHandler["packet"]): DatagramHandler["packet"] {
    return (from, bytes) => {
      this.#count += 1;
      // Without a flood the clock is read once in so many datagrams, and there is no timer.
      if (this.#count > floodCount && this.#flood === undefined) this.#countIsFull();
      receive(from, bytes);
    };
  }

  /** Ends the watch. Buffers stay reserved until the socket is closed. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  #countIsFull(): void {
    const now = this.#clock.now();
    const elapsedMs = now - this.#countedFrom;
    if (elapsedMs <= intervalMs && !this.#stopped) this.#begin(now, elapsedMs);
    this.#count = 0;
    this.#countedFrom = now;
  }

  #begin(now: number, elapsedMs: number): void {
    this.#flood = { begunAt: now, lastAt: now, total: this.#count };
    const effect =
      this.#socket.reserve === undefined
        ? "datagrams of members may get lost until it ends"
        : "members get receive buffers of their own until it ends";
    const text = `Flood on the gossip port: ${this.#count} datagrams within ${Math.ceil(elapsedMs)} ms; ${effect}`;
    this.#options.log("WARN", text);
    this.#goOn();
  }

  #goOn(): void {
    this.#socket.reserve?.(this.#options.peers(reservedMax));
    this.#cancelTimer = this.#clock.after(intervalMs, () => this.#tick(this.#flood!));
  }

  #tick(flood: Flood): void {
    const now = this.#clock.now();
    if (this.#count * intervalMs > floodCount * (now - this.#countedFrom)) flood.lastAt = now;
    flood.total += this.#count;
    this.#count = 0;
    this.#countedFrom = now;
    if (now - flood.lastAt < quietMs) this.#goOn();
    else this.#end(now, flood);
  }

  #end(now: number, { begunAt, total }: Flood): void {
    this.#flood = undefined;
    this.#socket.reserve?.([]);
    const seconds = Math.round((now - begunAt) / 1_000);
    this.#options.log("INFO", `The flood on the gossip port is over: ${total} datagrams in ${seconds} s`);
  }
}
