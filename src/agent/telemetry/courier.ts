/**
 * Lines on their way to a server of measurements: collected for a moment, sent together, and lost when the server does not take them.
 * Whatever the server does, the agent goes on.
 */

import { withTimeLimit } from "../../async/time_limit.ts";
import type { Cancel, Clock } from "../../runtime.ts";

/** Lines are collected for this long. */
export const flushIntervalMs = 100;
/** Lines that wait at most; further ones are lost. */
export const linesMax = 4096;
/** A server that failed is tried again after this; what is measured meanwhile is lost. */
export const retryMs = 5_000;
/** The last lines may take this long. */
const closeTimeoutMs = 500;

/** A server that lines can be sent to. */
export interface LineServer {
  /** Rejects when the server is lost. */
  send(lines: readonly string[]): Promise<void>;
  /** Hands what was sent to the system. Never rejects. */
  close(): Promise<void>;
}

/** Delivers lines to one server. */
export class Courier {
  readonly #clock: Clock;
  readonly #connect: () => Promise<LineServer>;
  readonly #report: (failure: unknown) => void;
  #lines: string[] = [];
  #server: LineServer | undefined;
  #timer: Cancel | undefined;
  #delivering: Promise<void> | undefined;
  #failed = false;
  #resting = false;
  #closed = false;

  /**
   * `report` is called with the failure when delivery stops working, and with `undefined` when it
   * works again.
   */
  constructor(clock: Clock, connect: () => Promise<LineServer>, report: (failure: unknown) => void) {
    this.#clock = clock;
    this.#connect = connect;
    this.#report = report;
  }

  /** Takes one line, with its end. */
  push(line: string): void {
    if (this.#resting || this.#closed || this.#lines.length >= linesMax) return;
    this.#lines.push(line);
    this.#arm();
  }

  /** Sends what waits, for a moment, and closes. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.();
    await withTimeLimit(this.#clock, closeTimeoutMs, this.#finish());
  }

  async #finish(): Promise<void> {
    await this.#delivering;
    if (this.#lines.length > 0 && !this.#resting) await this.#deliver();
    await this.#server?.close();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#delivering !== undefined || this.#closed) return;
    this.#timer = this.#clock.after(flushIntervalMs, () => {
      this.#timer = undefined;
      this.#delivering = this.#deliver().finally(() => {
        this.#delivering = undefined;
        if (this.#lines.length > 0) this.#arm();
      });
    });
  }

  async #deliver(): Promise<void> {
    try {
      this.#server ??= await this.#connect();
      await this.#server.send(this.#lines.splice(0));
      if (this.#failed) this.#report(undefined);
      this.#failed = false;
    } catch (error) {
      this.#rest(error);
    }
  }

  #rest(error: unknown): void {
    void this.#server?.close();
    this.#server = undefined;
    this.#lines = [];
    if (!this.#failed) this.#report(error);
    this.#failed = true;
    if (this.#closed) return;
    this.#resting = true;
    this.#clock.after(retryMs, () => {
      this.#resting = false;
    });
  }
}
