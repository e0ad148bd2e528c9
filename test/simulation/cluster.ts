/**
 * A simulated cluster: one node per host, its log and its events, and the true state of the world
 * to compare with.
 */

import { World, type WorldOptions } from "../../runtimes/sim/mod.ts";
import type { MemberStatus, SerfEvent } from "../../src/core/serf/api.ts";
import type { Runtime } from "../../src/runtime.ts";
import type { LogLine, SerfOptions } from "../../src/shell/options/options.ts";
import { type LaggedEvent, Serf, type StoppedEvent } from "../../src/shell/serf.ts";

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
  readonly options?: SerfOptions;
}

const joinsAtOnce = 100;

/** Nodes on hosts `n0`, `n1` and so on, at 10.0.x.y. */
export class Cluster {
  readonly world: World;
  readonly names: readonly string[];
  readonly reports: Report[] = [];
  readonly lines: { readonly observer: string; readonly line: LogLine }[] = [];
  readonly #options: SerfOptions;
  readonly #nodes = new Map<string, Serf>();

  constructor({ size, options, ...world }: ClusterOptions) {
    this.world = new World(world);
    this.#options = options ?? {};
    this.names = Array.from({ length: size }, (_, index) => `n${index}`);
    for (const [index, name] of this.names.entries()) {
      this.world.addHost(name, addressOf(index), {
        program: (runtime) => void this.#live(name, index, runtime),
      });
    }
  }

  /** Joins every node through the first, and waits until that is done. */
  async join(): Promise<void> {
    await this.world.run(100);
    const seed = `${addressOf(0)}:7946`;
    // A node accepts no more than 127 streams at once.
    for (let first = 1; first < this.names.length; first += joinsAtOnce) {
      const joins = this.names.slice(first, first + joinsAtOnce).map((name) =>
        this.node(name)
          .join([seed])
          .catch(() => 0),
      );
      await this.world.settle(Promise.all(joins));
    }
  }

  /** The node that lives on a host now. */
  node(name: string): Serf {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`no node lives on ${name}`);
    return node;
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

  async #live(name: string, index: number, runtime: Runtime): Promise<void> {
    const log = (line: LogLine): void => {
      if (line.level === "DEBUG" || line.level === "TRACE") return;
      this.lines.push({ observer: name, line });
      this.world.note(`${name} ${line.level} ${line.text}`);
    };
    const serf = await Serf.start({ ...this.#options, name, bind: `${addressOf(index)}:7946`, log }, runtime);
    this.#nodes.set(name, serf);
    for await (const event of serf.events()) this.reports.push({ at: this.world.now, observer: name, event });
  }
}

function addressOf(index: number): string {
  return `10.0.${index >> 8}.${(index & 255) + 1}`;
}
