/**
 * The regular chores of a node: it erases members that have been gone for long, tries to reach
 * failed ones so that a partitioned cluster reunites, and checks the length of its queues (serf
 * `reap`, `reconnect`, `checkQueueDepth`).
 */

import { joinHostPort } from "../../../net/address.ts";
import type { Swim } from "../../swim/swim.ts";
import type { Member } from "../api.ts";
import { log, type SerfContext } from "../context.ts";
import type { SerfQueues } from "../queues.ts";
import type { SerfMembers } from "./members.ts";

/** The names of the chores. */
export type Chore = "reap" | "reconnect" | "queues";

/** Runs the chores of one node. */
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

  /** Starts all chores; each runs first one interval from now. */
  start(now: number): void {
    for (const chore of ["reap", "reconnect", "queues"] as const) this.#arm(now, chore);
  }

  /** Runs a chore that is due. */
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
    const failed = this.#chooseFailed();
    if (failed === undefined) return;
    const { name, address: host, port } = failed;
    log(this.#context, "INFO", `attempting reconnect to ${name} ${joinHostPort(host, port)}`);
    this.#swim.join(now, { host, port }, name, () => undefined);
  }

  /**
   * Returns the failed member to contact in this round, or `undefined`. It is random, and more
   * likely the more of the cluster has failed, so that not all nodes contact the same member at
   * once.
   */
  #chooseFailed(): Member | undefined {
    const { random } = this.#context;
    const failed = this.#members.withStatus("failed");
    if (failed.length === 0) return undefined;
    const left = this.#members.countOf("left");
    const alive = Math.max(1, this.#members.count - failed.length - left);
    if (random.unit() > failed.length / alive) {
      log(this.#context, "DEBUG", "forgoing reconnect for random throttling");
      return undefined;
    }
    return failed[random.below(failed.length)];
  }
}
