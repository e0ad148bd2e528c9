/**
 * The schedule of push/pulls: at each interval a node exchanges full state with one random member,
 * which repairs what gossip missed (memberlist `pushPullTrigger`).
 */

import { pushPullScale } from "../../math.ts";
import { log, type SwimContext } from "../context.ts";
import type { Exchanges } from "./exchanges.ts";

/** The push/pull loop of one node. */
export class PushPulls {
  readonly #context: SwimContext;
  readonly #exchanges: Exchanges;
  #tickAt = 0;

  constructor(context: SwimContext, exchanges: Exchanges) {
    this.#context = context;
    this.#exchanges = exchanges;
  }

  /**
   * Starts the loop after a random part of the interval, so that nodes that started together do not
   * stay in step.
   */
  start(now: number): void {
    const { config, random } = this.#context;
    if (config.pushPullIntervalMs === 0) return;
    this.#tickAt = now + Math.floor(random.unit() * config.pushPullIntervalMs);
    this.#arm(now);
  }

  /** Exchanges state with one random live member. */
  tick(now: number): void {
    this.#arm(now);
    const { members, config } = this.#context;
    const [node] = members.pick(
      1,
      (other) => members.status(other) === "alive" && members.name(other) !== config.name,
    );
    if (node === undefined) return;
    const { name, endpoint } = members.identity(node);
    const done = (_now: number, error: string | undefined): void => {
      if (error !== undefined) log(this.#context, "ERR", `Push/Pull with ${name} failed: ${error}`);
    };
    this.#exchanges.pushPull(now, endpoint, { name, join: false, done });
  }

  #arm(now: number): void {
    const { config, timers, members } = this.#context;
    this.#tickAt = Math.max(this.#tickAt, now) + config.pushPullIntervalMs * pushPullScale(members.count);
    timers.set("push/pull", this.#tickAt, { kind: "pushPull" });
  }
}
