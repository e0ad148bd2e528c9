/**
 * Lines on their way to a server of measurements: collected for a moment, sent together, and lost when the server does not take them.
 * Whatever the server does, the agent goes on.
 */

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

/** What {@link Courier} needs. */
export interface CourierParts {
  readonly clock: Clock;
  readonly connect: () => Promise<LineServer>;
  /** Told once when it goes wrong, and once when it works again with `null`. */
  readonly report: (failure: unknown) => void;
}

/** Delivers lines to one server. */
export class Courier {
  readonly #parts: CourierParts;
  #lines: string[] = [];
  #server: LineServer | undefined;
  #timer: Cancel | undefined;
  #delivering: Promise<void> | undefined;
  #failed = false;
  #resting = false;
  #closed = false;

  constructor(parts: CourierParts) {
    this.#parts = parts;
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
    let cancel: Cancel = () => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#parts.clock.after(closeTimeoutMs, resolve);
    });
    await Promise.race([this.#finish(), late]);
    cancel();
  }

  async #finish(): Promise<void> {
    await this.#delivering;
    if (this.#lines.length > 0 && !this.#resting) await this.#deliver();
    await this.#server?.close();
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#delivering !== undefined || this.#closed) return;
    this.#timer = this.#parts.clock.after(flushIntervalMs, () => {
      this.#timer = undefined;
      this.#delivering = this.#deliver().finally(() => {
        this.#delivering = undefined;
        if (this.#lines.length > 0) this.#arm();
      });
    });
  }

  async #deliver(): Promise<void> {
    try {
      this.#server ??= await this.#parts.connect();
      await this.#server.send(this.#lines.splice(0));
      if (this.#failed) this.#parts.report(null);
      this.#failed = false;
    } catch (error) {
      this.#rest(error);
    }
  }

  #rest(error: unknown): void {
    void this.#server?.close();
    this.#server = undefined;
    this.#lines = [];
    if (!this.#failed) this.#parts.report(error);
    this.#failed = true;
    if (this.#closed) return;
    this.#resting = true;
    this.#parts.clock.after(retryMs, () => {
      this.#resting = false;
    });
  }
}
