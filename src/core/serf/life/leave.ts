/**
 * Leaving, step by step (serf `Leave`): the intent spreads, then the membership layer's own goodbye, then we stay a little to pass
 * both on. Each step has a longest wait; a step that times out is logged and the sequence goes on.
 */

/** What a step of the sequence does. */
export interface LeaveSteps {
  /** Announces the intent; `finished` when it has spread. */
  announceIntent(now: number, finished: (now: number) => void): void;
  /** Says goodbye at the membership layer; `finished` when it has spread. */
  leaveMembership(now: number, finished: (now: number) => void): void;
  /** Asks for a call of {@link LeaveSequence.waitOver} at a time; replaces an earlier one. */
  wait(until: number): void;
  /** Logs a step that took too long. */
  warn(text: string): void;
  /** The sequence is complete. */
  done(now: number): void;
}

type Stage = "intent" | "membership" | "propagate" | "done";

/** One run of the sequence. */
export class LeaveSequence {
  readonly #steps: LeaveSteps;
  readonly #broadcastTimeoutMs: number;
  readonly #propagateDelayMs: number;
  #stage: Stage = "intent";

  constructor(steps: LeaveSteps, broadcastTimeoutMs: number, propagateDelayMs: number) {
    this.#steps = steps;
    this.#broadcastTimeoutMs = broadcastTimeoutMs;
    this.#propagateDelayMs = propagateDelayMs;
  }

  /** Begins the sequence. */
  start(now: number): void {
    this.#steps.wait(now + this.#broadcastTimeoutMs);
    this.#steps.announceIntent(now, (at) => this.#leaveMembership(at));
  }

  /** The wait that was asked for is over. */
  waitOver(now: number): void {
    switch (this.#stage) {
      case "intent":
        this.#steps.warn("timeout while waiting for graceful leave");
        this.#leaveMembership(now);
        return;
      case "membership":
        this.#steps.warn("timeout waiting for leave broadcast: timeout");
        this.#propagate(now);
        return;
      case "propagate":
        this.#stage = "done";
        this.#steps.done(now);
        return;
      case "done":
        return;
    }
  }

  /** Nobody is left to tell: what still waits to spread need not. */
  alone(now: number): void {
    if (this.#stage === "intent") this.#leaveMembership(now);
    if (this.#stage === "membership") this.#propagate(now);
  }

  #leaveMembership(now: number): void {
    if (this.#stage !== "intent") return;
    this.#stage = "membership";
    this.#steps.wait(now + this.#broadcastTimeoutMs);
    this.#steps.leaveMembership(now, (at) => this.#propagate(at));
  }

  #propagate(now: number): void {
    if (this.#stage !== "membership") return;
    this.#stage = "propagate";
    this.#steps.wait(now + this.#propagateDelayMs);
  }
}
