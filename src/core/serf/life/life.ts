/**
 * Where a node is in its life: alive, leaving, left, and alive again when it comes back by a join.
 */

import { assert } from "../../assert.ts";
import type { Outbox } from "../../effects.ts";
import type { Swim } from "../../swim/swim.ts";
import type { Timers } from "../../timers.ts";
import type { SerfEvent } from "../api.ts";
import type { SerfConfig } from "../config.ts";
import type { SerfTimer } from "../context.ts";
import type { Wishes } from "../members/intents.ts";
import type { Pending } from "./commands.ts";
import { Goodbye } from "./leave.ts";

/** Where a node is in its life. */
export type LifeState = "alive" | "leaving" | "left";

/** What {@link Life} works on; functions are called late, as the parts know each other. */
export interface LifeParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly timers: Timers<SerfTimer>;
  readonly pending: Pending;
  readonly wishes: () => Wishes;
  readonly swim: () => Swim;
  /** The time of the last input: news finishes spreading between inputs. */
  readonly now: () => number;
  /** Told when the node begins to leave. */
  readonly leaving: () => void;
}

/** The life of one node. */
export class Life {
  readonly #parts: LifeParts;
  #state: LifeState = "alive";
  #goodbye: Goodbye | undefined;

  constructor(parts: LifeParts) {
    this.#parts = parts;
  }

  /** Where the node is. */
  get state(): LifeState {
    return this.#state;
  }

  /** Leaves the cluster; settles `command` when done. The caller checks {@link state} first. */
  leave(now: number, command: number): void {
    const { config, outbox, timers, pending, wishes, swim } = this.#parts;
    assert(this.#state === "alive", "only a node that is alive leaves");
    pending.begin(command);
    this.#state = "leaving";
    this.#parts.leaving();
    this.#goodbye = new Goodbye(
      {
        announceIntent: (at, finished) =>
          wishes().announceLeave(at, config.name, false, () => finished(this.#parts.now())),
        leaveMembership: (at, finished) => swim().leave(at, () => finished(this.#parts.now())),
        wait: (until) => timers.set("goodbye", until, { kind: "goodbye" }),
        warn: (text) => outbox.log("WARN", "serf", text),
        done: () => {
          this.#state = "left";
          pending.settle(command, null);
        },
      },
      config.broadcastTimeoutMs,
      config.leavePropagateDelayMs,
    );
    this.#goodbye.start(now);
  }

  /** Called after inputs: a goodbye does not wait for others who are all leaving too, as when a whole cluster is stopped at once. */
  attend(now: number): void {
    if (this.#state === "leaving" && !this.#parts.wishes().othersAlive) this.#goodbye?.alone(now);
  }

  /** The wait that the goodbye asked for is over. */
  waitOver(now: number): void {
    this.#goodbye?.waitOver(now);
  }

  /** A node that left is alive again; the membership layer announces it at a higher incarnation. */
  comeBack(now: number): void {
    if (this.#state !== "left") return;
    this.#state = "alive";
    this.#parts.swim().comeBack(now);
  }
}
