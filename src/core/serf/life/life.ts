/**
 * The state of a node: alive, leaving, left, and alive again if it comes back by a join.
 */

import { assert } from "../../assert.ts";
import type { Swim } from "../../swim/swim.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { Intents } from "../members/intents.ts";
import type { PendingCommands } from "./commands.ts";
import { LeaveSequence } from "./leave.ts";

/** Changes the state of one node. */
export class Life {
  readonly #context: SerfContext;
  readonly #commands: PendingCommands;
  readonly #intents: Intents;
  readonly #swim: Swim;
  #sequence: LeaveSequence | undefined;
  /** The number of joins that run. */
  #joins = 0;
  /** Whether this node came back and has not exchanged state with another one yet. */
  #alone = false;

  constructor(context: SerfContext, commands: PendingCommands, intents: Intents, swim: Swim) {
    this.#context = context;
    this.#commands = commands;
    this.#intents = intents;
    this.#swim = swim;
  }

  /**
   * Leaves the cluster, then settles `command`. The caller must have checked that the node is
   * alive.
   */
  leave(now: number, command: number): void {
    const context = this.#context;
    const { config, timers } = context;
    assert(context.state === "alive", "only a node that is alive leaves");
    this.#commands.begin(command);
    this.#alone = false;
    context.state = "leaving";
    this.#sequence = new LeaveSequence(
      {
        // Broadcasts finish between inputs, so the time is that of the input that finished them.
        announceIntent: (at, finished) =>
          this.#intents.announceLeave(at, config.name, false, () => finished(context.now)),
        leaveMembership: (at, finished) => this.#swim.leave(at, () => finished(context.now)),
        wait: (until) => timers.set("leave", until, { kind: "leave" }),
        warn: (text) => log(context, "WARN", text),
        done: () => {
          context.state = "left";
          this.#commands.settle(command, undefined);
        },
      },
      {
        broadcastTimeoutMs: config.broadcastTimeoutMs,
        gossipIntervalMs: this.#swim.config.gossipIntervalMs,
        propagateDelayMs: config.leavePropagateDelayMs,
      },
    );
    this.#sequence.start(now);
  }

  /**
   * Called after inputs. Shortens a leave if no other member is alive, for example because a whole
   * cluster is stopped at once.
   */
  afterInput(now: number): void {
    if (this.#context.state === "leaving" && !this.#intents.othersAlive) this.#sequence?.skipBroadcasts(now);
  }

  /** Continues a leave because the time limit of its current step is over. */
  waitOver(now: number): void {
    this.#sequence?.waitOver(now);
  }

  /** Begins a join. */
  beginJoin(): void {
    this.#joins += 1;
  }

  /** Whether this node left and a join runs that may bring it back. */
  get mayComeBack(): boolean {
    return this.#context.state === "left" && this.#joins > 0;
  }

  /**
   * Makes a node that left alive again, at a higher incarnation. Call it when a join has reached an
   * address, before our state is sent there: that state must already say that we are alive.
   */
  comeBack(now: number): void {
    assert(this.mayComeBack, "only a join brings a node back");
    this.#context.state = "alive";
    this.#alone = true;
    this.#swim.comeBack(now);
  }

  /** A join has exchanged state with another node. */
  contacted(): void {
    this.#alone = false;
  }

  /**
   * Ends a join. Returns true if it was the last one and this node, which came back for it, has
   * exchanged state with nobody.
   */
  endJoin(): boolean {
    this.#joins -= 1;
    return this.#joins === 0 && this.#alone && this.#context.state === "alive";
  }
}
