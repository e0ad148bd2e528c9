/**
 * A simulated cluster: one node per host, its log and its events, and the true state of the world
 * to compare with.
 */

import {
  SimulatedCluster,
  type SimulatedNodeOptions,
  type World,
  type WorldOptions,
} from "../../runtimes/sim/mod.ts";
import type { MemberStatus, SerfEvent } from "../../src/core/serf/api.ts";
import type { LaggedEvent, StoppedEvent } from "../../src/shell/events/subscription.ts";
import type { LogLine } from "../../src/shell/options/log.ts";
import type { Serf } from "../../src/shell/serf.ts";

/** One thing that a node reported. */
export interface Report {
  readonly at: number;
  readonly observer: string;
  readonly event: SerfEvent | LaggedEvent | StoppedEvent;
}

/** How a cluster is started. */
export interface ClusterOptions extends WorldOptions {
  readonly size: number;
  /** Options of every node beside its name. */
  readonly options?: SimulatedNodeOptions;
}

/** Nodes on hosts `n0`, `n1` and so on, at 10.0.x.y. */
export class Cluster {
  readonly world: World;
  readonly names: readonly string[];
  readonly reports: Report[] = [];
  readonly lines: { readonly observer: string; readonly line: LogLine }[] = [];
  readonly #cluster: SimulatedCluster;

  constructor({ size, options, ...world }: ClusterOptions) {
    this.#cluster = new SimulatedCluster(size, {
      ...world,
      options: (index) => ({ ...options, log: (line) => this.#log(`n${index}`, line) }),
      program: (node) => void this.#record(node),
    });
    this.world = this.#cluster.world;
    this.names = this.#cluster.names;
  }

  /** Joins every node through the first, and waits until that is done. */
  async join(): Promise<void> {
    await this.#cluster.join();
  }

  /** The node that lives on a host now. */
  node(name: string): Serf {
    return this.#cluster.node(name);
  }

  /** Nodes of the given names, or all. */
  nodes(names: readonly string[] = this.names): Serf[] {
    return names.map((name) => this.node(name));
  }

  /** A node's view of every other. */
  view(name: string): Record<string, MemberStatus> {
    return Object.fromEntries(
      this.node(name)
        .members()
        .map((member) => [member.name, member.status]),
    );
  }

  /** Runs until every named node has exactly this view, or throws after `limitMs`. */
  async converge(
    names: readonly string[],
    view: Record<string, MemberStatus>,
    limitMs: number,
  ): Promise<number> {
    const begin = this.world.now;
    const wanted = JSON.stringify(Object.entries(view).sort());
    const agrees = (name: string): boolean =>
      JSON.stringify(Object.entries(this.view(name)).sort()) === wanted;
    while (!names.every(agrees)) {
      if (this.world.now - begin >= limitMs) {
        const late = names.filter((name) => !agrees(name));
        throw new Error(
          `seed ${this.world.seed}: ${late.length} nodes do not agree after ${limitMs} ms: ${late.slice(0, 5)}`,
        );
      }
      await this.world.run(500);
    }
    return this.world.now - begin;
  }

  #log(name: string, line: LogLine): void {
    if (line.level === "DEBUG" || line.level === "TRACE") return;
    this.lines.push({ observer: name, line });
    this.world.note(`${name} ${line.level} ${line.text}`);
  }

  async #record(node: Serf): Promise<void> {
    for await (const event of node.events())
      this.reports.push({ at: this.world.now, observer: node.name, event });
  }
}
