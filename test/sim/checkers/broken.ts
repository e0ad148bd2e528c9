/** Helpers to show checkers histories that are broken: nodes that say whatever a test wants. */

import { Bounds } from "../../../runtimes/sim/checkers/bounds.ts";
import type { Change, Rule, Scene } from "../../../runtimes/sim/checkers/rule.ts";
import { Truth } from "../../../runtimes/sim/checkers/truth.ts";
import { CoreDisk } from "../../../runtimes/sim/cores/disk.ts";
import type { CoreNode } from "../../../runtimes/sim/mod.ts";
import type { MemberEventType, SerfEvent } from "../../../src/core/serf/api.ts";
import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { NodeLoad } from "../../../src/core/serf/stats.ts";

/** What a pretended node says of another. */
interface Seen {
  readonly status: string;
  readonly tags: Record<string, string>;
  /** Default: the first address of that node. */
  readonly address?: string;
}

/** What a pretended node says of itself. A test sets it. */
export class Pretender {
  readonly index: number;
  readonly name: string;
  running = true;
  paused = false;
  aheadMs = 0;
  lateMs = 0;
  readonly disk: CoreDisk = new CoreDisk();
  readonly writesSnapshots = true;
  state: "alive" | "leaving" | "left" = "alive";
  readonly clocks = { members: { time: 1n }, events: { time: 1n }, queries: { time: 1n } };
  awareness = 0;
  /** Its own address. */
  address: { readonly host: string; readonly port: number };
  /** Whether it is a peer with memberlist's rules. */
  isPeer = false;
  /** Statuses, tags and, if a test sets them, addresses of members by name. */
  readonly view: Map<string, Seen> = new Map<string, Seen>();
  eventsIgnoredBefore = 0n;
  readonly incarnations: Map<string, number> = new Map<string, number>();
  liveCount = 2;
  load: NodeLoad = {
    broadcasts: none,
    intents: none,
    queries: none,
    events: none,
    exchanges: none,
    timers: 8,
  };

  constructor(index: number) {
    this.index = index;
    this.name = `n${index}`;
    this.address = { host: hostOf(this.name), port: 7946 };
  }

  /** The node as a checker gets it. */
  get node(): CoreNode {
    return this as unknown as CoreNode;
  }

  get core(): unknown {
    const { view, state, liveCount } = this;
    return {
      state,
      liveCount,
      member: (name: string) => {
        const seen = view.get(name);
        return seen === undefined ? undefined : { address: hostOf(name), ...seen };
      },
      members: () => [...view].map(([name, member]) => ({ name, ...member })),
      inspect: () => this.#inspection,
    };
  }

  /** What the rules keep at the start of a node has to follow what the test sets later. */
  get #inspection(): unknown {
    const pretender = this;
    return {
      clocks: this.clocks,
      tags: {},
      eventsIgnoredBefore: this.eventsIgnoredBefore,
      get awareness() {
        return pretender.awareness;
      },
      load: () => this.load,
      node: (name: string) => {
        const incarnation = this.incarnations.get(name);
        return incarnation === undefined ? undefined : { incarnation };
      },
    };
  }
}

const none = { length: 0, bytes: 0 };

/** Returns the first address of a node. */
function hostOf(name: string): string {
  return `10.0.0.${name.slice(1)}`;
}

/** A scene of nodes that have all started at 0 and see each other alive. */
export function stage<Checked extends Rule>(
  Checker: new (scene: Scene) => Checked,
  size = 3,
  memberlist = false,
): { readonly rule: Checked; readonly nodes: readonly Pretender[]; readonly scene: Scene } {
  const nodes = Array.from({ length: size }, (_, index) => new Pretender(index));
  const bounds = new Bounds(size, {});
  const scene: Scene = {
    size,
    nodes: nodes.map(({ node }) => node),
    truth: new Truth(size, { reachMs: bounds.reachMs }),
    bounds,
    memberlist,
  };
  const rule = new Checker(scene);
  for (const pretender of nodes) {
    for (const { name } of nodes) pretender.view.set(name, { status: "alive", tags: {} });
    scene.truth.started(0, pretender.node);
    rule.started?.(0, pretender.node);
  }
  return { rule, nodes, scene };
}

/** A change of what a node knows of another. */
export function change(
  observer: Pretender,
  name: string,
  before: Change["before"],
  status: Change["status"],
  incarnation: number,
): Change {
  return { observer: observer.node, subject: Number(name.slice(1)), name, before, status, incarnation };
}

/** The effect that reports a member event. */
export function reports(type: MemberEventType, name: string): SerfEffect {
  const address = hostOf(name);
  const members = [{ name, address, port: 7946, status: "alive", tags: {} }];
  const event = { type, members } as unknown as SerfEvent;
  return { kind: "emit", event };
}

/** The texts of what a rule found. */
export function texts({ findings }: Rule): string[] {
  return findings.map(({ at, text }) => `${at}: ${text}`);
}
