/**
 * What has to be done now and then: forgetting members that are gone for long, reaching for failed ones, looking at the queues.
 */

import type { Outbox } from "../effects.ts";
import type { Random } from "../random.ts";
import type { Swim } from "../swim/swim.ts";
import type { Timers } from "../timers.ts";
import type { SerfEvent } from "./api.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfTimer } from "./context.ts";
import type { SerfMembers } from "./members/members.ts";
import { chooseReconnect } from "./members/reconnect.ts";
import type { SerfQueues } from "./queues.ts";

/** The chores. */
export type Chore = "reap" | "reconnect" | "queues";

/** What {@link Upkeep} works on; `swim` is asked late, as the parts know each other. */
export interface UpkeepParts {
  readonly config: SerfConfig;
  readonly outbox: Outbox<SerfEvent>;
  readonly random: Random;
  readonly timers: Timers<SerfTimer>;
  readonly members: SerfMembers;
  readonly queues: SerfQueues;
  readonly swim: () => Swim;
  /** Looks for members of an earlier life that are still unknown. */
  readonly rejoin: (now: number) => void;
}

/** Chores of one node. */
export class Upkeep {
  readonly #parts: UpkeepParts;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Begins one interval from now. */
  start(now: number): void {
    for (const chore of ["reap", "reconnect", "queues"] as const) this.#arm(now, chore);
  }

  /** Does a chore whose time has come. */
  run(now: number, chore: Chore): void {
    const { members, queues } = this.#parts;
    switch (chore) {
      case "reap":
        members.reap(now);
        break;
      case "reconnect":
        this.#reconnect(now);
        break;
      case "queues":
        this.#parts.swim().checkQueue();
        queues.check();
        break;
    }
    this.#arm(now, chore);
  }

  #arm(now: number, chore: Chore): void {
    const { config, timers } = this.#parts;
    const intervals = {
      reap: config.reapIntervalMs,
      reconnect: config.reconnectIntervalMs,
      queues: config.queueCheckIntervalMs,
    };
    timers.set(chore, now + intervals[chore], { kind: chore });
  }

  #reconnect(now: number): void {
    const { members, random, outbox, swim, rejoin } = this.#parts;
    rejoin(now);
    const failed = chooseReconnect(members, random, outbox);
    if (failed === undefined) return;
    swim().join(now, { host: failed.address, port: failed.port }, failed.name, () => undefined);
  }
}
