/**
 * What has to be done now and then: forgetting members that are gone for long, reaching for failed ones, looking at the queues.
 */

import type { Swim } from "../swim/swim.ts";
import type { SerfContext } from "./context.ts";
import type { SerfMembers } from "./members/members.ts";
import { chooseReconnect } from "./members/reconnect.ts";
import type { SerfQueues } from "./queues.ts";

/** The chores. */
export type Chore = "reap" | "reconnect" | "queues";

/** Chores of one node. */
export class Upkeep {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #queues: SerfQueues;
  readonly #swim: Swim;

  constructor(context: SerfContext, members: SerfMembers, queues: SerfQueues, swim: Swim) {
    this.#context = context;
    this.#members = members;
    this.#queues = queues;
    this.#swim = swim;
  }

  /** Begins one interval from now. */
  start(now: number): void {
    for (const chore of ["reap", "reconnect", "queues"] as const) this.#arm(now, chore);
  }

  /** Does a chore whose time has come. */
  run(now: number, chore: Chore): void {
    switch (chore) {
      case "reap":
        this.#members.reap(now);
        break;
      case "reconnect":
        this.#reconnect(now);
        break;
      case "queues":
        this.#swim.checkQueue();
        this.#queues.check();
        break;
    }
    this.#arm(now, chore);
  }

  #arm(now: number, chore: Chore): void {
    const { config, timers } = this.#context;
    const intervals = {
      reap: config.reapIntervalMs,
      reconnect: config.reconnectIntervalMs,
      queues: config.queueCheckIntervalMs,
    };
    timers.set(chore, now + intervals[chore], { kind: chore });
  }

  #reconnect(now: number): void {
    const failed = chooseReconnect(this.#context, this.#members);
    if (failed === undefined) return;
    this.#swim.join(now, { host: failed.address, port: failed.port }, failed.name, () => undefined);
  }
}
