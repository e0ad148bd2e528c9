/**
 * The schedule of push/pulls: at each interval a node exchanges full state with one random member,
 * which repairs what gossip missed (memberlist `pushPullTrigger`).
 */

import type { Address } from "../../../runtime.ts";
import { pushPullScale } from "../../math.ts";
import { log, type SwimContext } from "../context.ts";
import type { PushPullRequest } from "./exchange.ts";
import type { Exchanges } from "./exchanges.ts";

/** After so many rounds of gossip a newcomer looks whether its gossip has come to rest. */
const settleRounds = 5;

/** In clusters of that size and below, each broadcast is sent to all. */
const smallMax = 9;

/** The push/pull loop of one node. */
export class PushPulls {
  readonly #context: SwimContext;
  readonly #exchanges: Exchanges;
  #tickAt = 0;
  #hasJoined = false;

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

  /** Puts the loop anywhere in its interval, as that of a node that has been in its cluster for long. */
  spread(now: number): void {
    const { config, random } = this.#context;
    if (config.pushPullIntervalMs === 0) return;
    this.#armAt(now + Math.floor(random.unit() * this.#intervalMs));
  }

  /**
   * Joins through an address by exchanging state with it. After its first join
   * a node exchanges state once more, when its gossip has come to rest: what others announced just
   * then may have passed it by, as few knew of it.
   */
  join(now: number, to: Address, { done, ...request }: Omit<PushPullRequest, "join">): void {
    this.#exchanges.pushPull(now, to, {
      ...request,
      join: true,
      done: (at, error) => {
        if (error === undefined) this.#joined(at);
        done(at, error);
      },
    });
  }

  /** Exchanges state, unless something still waits to be broadcast. */
  settled(now: number): void {
    if (this.#context.broadcasts.entryCount > 0) this.#settle(now);
    else this.#exchange(now);
  }

  /** Exchanges state with one random live member. */
  tick(now: number): void {
    this.#arm(now);
    this.#exchange(now);
  }

  #exchange(now: number): void {
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

  #joined(now: number): void {
    const { config, members } = this.#context;
    if (this.#hasJoined || !config.rules.newcomers || config.pushPullIntervalMs === 0) return;
    this.#hasJoined = true;
    if (members.liveCount > smallMax) this.#settle(now);
  }

  #settle(now: number): void {
    const { config, timers } = this.#context;
    timers.set("settled", now + settleRounds * config.gossipIntervalMs, { kind: "settled" });
  }

  #arm(now: number): void {
    this.#armAt(Math.max(this.#tickAt, now) + this.#intervalMs);
  }

  /** Large clusters exchange states less often. */
  get #intervalMs(): number {
    const { config, members } = this.#context;
    return config.pushPullIntervalMs * pushPullScale(members.count);
  }

  #armAt(time: number): void {
    this.#tickAt = time;
    this.#context.timers.set("push/pull", time, { kind: "pushPull" });
  }
}
