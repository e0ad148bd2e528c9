/**
 * The steps of leaving (serf `Leave`): broadcast the intent, then the dead message of the
 * membership layer, then run a little longer so that both can spread. Each step has a time limit; a
 * step that exceeds it is logged, and the next one begins.
 */

/** What the sequence calls. */
export interface LeaveSteps {
  /** Broadcasts the leave intent; calls `finished` when it has been sent often enough. */
  announceIntent(now: number, finished: (now: number) => void): void;
  /**
   * Leaves the membership layer; calls `finished` when its broadcast has been sent often enough.
   */
  leaveMembership(now: number, finished: (now: number) => void): void;
  /** Arranges a call of {@link LeaveSequence.waitOver} at `until`, instead of an earlier one. */
  wait(until: number): void;
  /** Logs a step that took too long. */
  warn(text: string): void;
  /** Called when the sequence is complete. */
  done(now: number): void;
}

/** How long the steps take, in milliseconds. */
export interface LeaveTimes {
  /** The time limit of each broadcast. */
  readonly broadcastTimeoutMs: number;
  readonly gossipIntervalMs: number;
  /** How long a node runs on after its broadcasts, so that they can spread. */
  readonly propagateDelayMs: number;
}

type Stage = "intent" | "intent sent" | "membership" | "propagate" | "done";

/** One run of the sequence. */
export class LeaveSequence {
  readonly #steps: LeaveSteps;
  readonly #broadcastTimeoutMs: number;
  readonly #gapMs: number;
  readonly #propagateDelayMs: number;
  #stage: Stage = "intent";

  constructor(steps: LeaveSteps, { broadcastTimeoutMs, gossipIntervalMs, propagateDelayMs }: LeaveTimes) {
    this.#steps = steps;
    this.#broadcastTimeoutMs = broadcastTimeoutMs;
    this.#gapMs = gossipIntervalMs / 2;
    this.#propagateDelayMs = propagateDelayMs;
  }

  /** Begins the sequence. */
  start(now: number): void {
    this.#steps.wait(now + this.#broadcastTimeoutMs);
    this.#steps.announceIntent(now, (at) => this.#intentSent(at));
  }

  /** Continues because the time limit of the current step is over. */
  waitOver(now: number): void {
    switch (this.#stage) {
      case "intent":
        this.#steps.warn("timeout while waiting for graceful leave");
        this.#leaveMembership(now);
        return;
      case "intent sent":
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

  /** Skips the broadcasts that are still waiting, because no other member is alive. */
  skipBroadcasts(now: number): void {
    if (this.#stage === "intent" || this.#stage === "intent sent") this.#leaveMembership(now);
    if (this.#stage === "membership") this.#propagate(now);
  }

  /**
   * The packet with the intent is still being filled. The dead message must not follow in a packet of
   * the same gossip round: the network may reorder the two, and who learns of the death first takes it
   * for a failure. Usually this costs no time, because the next round is a whole interval later.
   */
  #intentSent(now: number): void {
    if (this.#stage !== "intent") return;
    this.#stage = "intent sent";
    this.#steps.wait(now + this.#gapMs);
  }

  #leaveMembership(now: number): void {
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
