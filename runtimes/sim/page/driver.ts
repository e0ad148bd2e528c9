/**
 * Plays a setting in a world of bare cores. Actions happen at whole milliseconds, after everything
 * else of that millisecond, so it does not matter in how many pieces time passes: a link replays
 * what was done by hand.
 */

import { formCluster, joinUntilDone } from "../cores/formation.ts";
import type { CoreNode } from "../cores/node.ts";
import type { Watcher } from "../cores/watcher.ts";
import { CoreWorld } from "../cores/world.ts";
import { SeededRandom } from "../random.ts";
import { type Action, actionsMax, type Deed, halfOf, type Setting } from "./setting.ts";

/** How late everything of a slow node happens: its acks come after the probes of others have ended. */
export const slowMs = 1_500;

/** What became of a node that does not take part. */
export type Absence = "not started" | "crashed" | "left";

/** A world, and what is done to it. */
export class Driver {
  readonly world: CoreWorld;
  readonly #setting: Setting;
  readonly #watchers: readonly DeedWatcher[];
  readonly #left = new Set<number>();
  #actions: Action[];
  #next = 0;
  #isolated: number[] = [];
  #split = false;
  #events = 0;

  /** `watchers` see what happens in the world, and what is done to it. */
  constructor(setting: Setting, watchers: readonly DeedWatcher[]) {
    this.#setting = setting;
    this.#watchers = watchers;
    this.#actions = [...setting.actions];
    const { seed, nodes, profile, latency, loss } = setting;
    this.world = new CoreWorld({
      seed,
      size: nodes,
      network: { latencyMs: delays(latency), loss: loss / 100 },
      options: { profile, coalesceMs: 0 },
      logs: true,
      watchers,
    });
    formCluster(this.world, new SeededRandom(seed, "scenario"));
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.world.now;
  }

  /** The setting, with everything that was done so far. */
  get setting(): Setting {
    return { ...this.#setting, actions: this.#actions };
  }

  /** Whether the network is cut in two halves. */
  get split(): boolean {
    return this.#split;
  }

  /** Whether any link is cut. */
  isCut = false;

  /** Returns why a node does not run, or `undefined` if it does. */
  absence({ index, running, starts }: CoreNode): Absence | undefined {
    if (running) return undefined;
    if (this.#left.has(index)) return "left";
    return starts === 0 ? "not started" : "crashed";
  }

  /** Lets virtual time pass, in whole milliseconds. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const action = this.#actions[this.#next];
      if (action === undefined || action.at > end) break;
      if (action.at > this.now) this.world.run(action.at - this.now);
      this.#next += 1;
      this.#perform(action);
    }
    if (end > this.now) this.world.run(end - this.now);
  }

  /** Does something now. What the setting had planned for later is dropped. Returns whether it was possible. */
  act(deed: Deed): boolean {
    if (this.#next >= actionsMax || !this.allows(deed)) return false;
    const action: Action = { ...deed, at: this.now };
    this.#actions = [...this.#actions.slice(0, this.#next), action];
    this.#next += 1;
    this.#perform(action);
    return true;
  }

  /** Returns whether something can be done now. */
  allows(deed: Deed): boolean {
    if (!("node" in deed)) {
      if (deed.kind === "split") return !this.#split;
      return deed.kind !== "heal" || this.isCut;
    }
    const { running, paused, lateMs, starts } = this.world.nodes[deed.node]!;
    switch (deed.kind) {
      case "restart":
        return !running && starts > 0;
      case "pause":
        return running && !paused;
      case "resume":
        return running && paused;
      case "slow":
        return running && lateMs === 0;
      case "quick":
        return running && lateMs > 0;
      case "event":
      case "leave":
        return running && !paused;
      case "crash":
        return running;
      case "isolate":
        return !this.#split && !this.#isolated.includes(deed.node);
      case "cut":
        return deed.node !== deed.other;
    }
  }

  #perform(action: Action): void {
    // A link may name things that are not possible at the time.
    if (!this.allows(action)) return;
    for (const watcher of this.#watchers) watcher.done?.(action);
    const { world } = this;
    switch (action.kind) {
      case "split":
        this.#split = true;
        this.isCut = true;
        world.links.partition([halfOf(world.nodes.length)]);
        return;
      case "heal":
        this.#split = false;
        this.isCut = false;
        this.#isolated = [];
        world.links.heal();
        return;
      case "loss":
        world.links.shape({ loss: action.value / 100 });
        return;
      case "latency":
        world.links.shape({ latencyMs: delays(action.value) });
        return;
      case "isolate":
        this.isCut = true;
        this.#isolated.push(action.node);
        world.links.partition(this.#isolated.map((index) => [index]));
        return;
      case "cut":
        this.isCut = true;
        world.links.cut(action.node, action.other);
        world.links.cut(action.other, action.node);
        return;
      default:
        this.#performAt(world.nodes[action.node]!, action.kind);
    }
  }

  #performAt(
    node: CoreNode,
    kind: "crash" | "restart" | "pause" | "resume" | "slow" | "quick" | "leave" | "event",
  ): void {
    const { world } = this;
    switch (kind) {
      case "crash":
        node.paused = false;
        node.lateMs = 0;
        world.crash(node);
        return;
      case "restart":
        this.#left.delete(node.index);
        world.start(node);
        joinUntilDone(world, node, () => this.#entry(node));
        return;
      case "pause":
        world.pause(node);
        return;
      case "resume":
        world.resume(node);
        return;
      case "slow":
        node.lateMs = slowMs;
        return;
      case "quick":
        node.lateMs = 0;
        return;
      case "leave":
        // A program ends when it has left.
        world.leave(node, () => {
          this.#left.add(node.index);
          node.lateMs = 0;
          world.crash(node);
        });
        return;
      case "event": {
        const name = `event ${this.#events + 1}`;
        this.#events += 1;
        world.command(node, (core, now) => core.userEvent(now, name, new Uint8Array(), false));
      }
    }
  }

  /** The next node that runs: where a restarted one joins. */
  #entry({ index }: CoreNode): CoreNode {
    const { nodes } = this.world;
    const others = [...nodes.slice(index + 1), ...nodes.slice(0, index)];
    return others.find((node) => node.running && !node.paused) ?? others[0]!;
  }
}

/** Sees what happens in the world, and what is done to it. */
export interface DeedWatcher extends Watcher {
  /** Something is about to be done. */
  done?(action: Action): void;
}

function delays(most: number): readonly [number, number] {
  return [Math.ceil(most / 3), most];
}
