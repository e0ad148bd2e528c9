/** One node of a world of cores: its core, and what belongs to its machine. */

import { Random } from "../../../src/core/random.ts";
import { SerfCore } from "../../../src/core/serf/serf_core.ts";
import { replay } from "../../../src/core/serf/snapshot/format.ts";
import { rulesOfMemberlist, type SwimConfig } from "../../../src/core/swim/config.ts";
import type { Identities } from "../../../src/core/swim/identity.ts";
import { SerfError } from "../../../src/errors.ts";
import { addressBytes } from "../../../src/net/cidr.ts";
import type { Address } from "../../../src/runtime.ts";
import { createCodec } from "../../../src/shell/open.ts";
import { type ParsedOptions, parseOptions, type SerfOptions } from "../../../src/shell/options/options.ts";
import { SeededRandom } from "../random.ts";
import { CoreDisk } from "./disk.ts";
import type { WorldNames } from "./names.ts";
import type { Codecs } from "./path.ts";

/** The port of all nodes. */
export const port = 7946;

/** How many datagrams of a blocked node wait, as in a send buffer. */
export const heldMax = 128;

/** Returns the name of the node with a number. */
export function nameOf(index: number): string {
  return `n${index}`;
}

/**
 * What a machine does with a new connection: the program takes it, a firewall refuses it, or it hangs
 * because the program has no room for it.
 */
export type Port = "open" | "refusing" | "full";

/** One end of a connection. */
export interface End {
  readonly node: CoreNode;
  /** The number of the program that the end belongs to: a restarted one has no old connections. */
  readonly starts: number;
  id: number;
  peer: End | undefined;
  closed: boolean;
  /** When the last piece towards the peer arrives; the next may not overtake it. */
  arrival: number;
}

/** Who or what has an address. */
export interface Located {
  readonly address: Address;
}

/** Settings of a {@link CoreNode}. */
export interface CoreNodeOptions {
  readonly index: number;
  /** The number of the machine whose address the node has. */
  readonly machine: number;
  /** The host of its address. */
  readonly host: string;
  readonly name: string;
  readonly seed: number;
  /** Options of the node beside its name and addresses. */
  readonly options: SerfOptions;
  /** Settings of the membership layer that replace those of the options. */
  readonly swim?: Partial<SwimConfig> | undefined;
  /** Whether the node writes a snapshot, which a restart replays. */
  readonly snapshot: boolean;
  /** Whether the core makes log lines. */
  readonly logs: boolean;
  readonly codecs: Codecs;
  readonly identities: Identities;
  readonly names: WorldNames;
  /** Returns the time of the node's own clock. */
  readonly clock: (node: CoreNode) => number;
  /** The same member at its address before this one. */
  readonly before?: CoreNode | undefined;
}

/** Returns the address that a machine has first, or one that it gets later, by a number below 2^24. */
export function hostOf(number: number): string {
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

/** A node: a name at an address. A member that moves is another one with the same name and number. */
export class CoreNode {
  /** Its place in the world, from 0. */
  readonly index: number;
  /** The number of its machine: nodes that follow each other at one address have different numbers. */
  readonly machine: number;
  /** Its name in the cluster. */
  readonly name: string;
  /** @internal */
  readonly codecs: Codecs;
  /**
   * Where the others find it.
   *
   * @internal
   */
  readonly address: Address;
  /**
   * The core of the running or last program.
   *
   * @internal
   */
  core!: SerfCore;
  /** Whether the program runs. */
  running = false;
  /** What the machine does with a new connection while the program runs: see {@link Port}. */
  port: Port = "open";
  /** Whether the machine has power. Without it, nobody refuses a connection. */
  powered = true;
  /** Whether what arrives and what is due waits, as for a stopped process. */
  paused = false;
  /** Whether what arrives, and what the node sends, waits, while its timers run. */
  blocked = false;
  /** Whether a node that was blocked has not taken yet all that arrived meanwhile. */
  isBehind = false;
  /** Datagrams that wait while the node is blocked. */
  readonly held: { readonly to: Address; readonly bytes: Uint8Array }[] = [];
  /** How much later than due everything of this node happens, in milliseconds: a slow machine. */
  lateMs = 0;
  /** How far this machine's clock is ahead of the world's time. */
  aheadMs = 0;
  /** How often the program was started. */
  starts = 0;
  /** When the alarm of the core is due in the world's time; `Infinity` if there is none. */
  alarm: number = Number.POSITIVE_INFINITY;
  /**
   * Open connections by the core's number.
   *
   * @internal
   */
  readonly ends: Map<number, End> = new Map();
  /** What to call when a command settles. */
  readonly settled: Map<number, (error: string | undefined) => void> = new Map();
  /** What waits while the node is paused. */
  readonly waiting: (() => void)[] = [];
  /**
   * The disk with the snapshot file.
   *
   * @internal
   */
  readonly disk: CoreDisk;
  readonly #options: CoreNodeOptions;
  readonly #parsed: ParsedOptions;

  /** @internal */
  constructor(options: CoreNodeOptions) {
    const { index, machine, host, name, codecs, before } = options;
    this.#options = options;
    this.index = index;
    this.machine = machine;
    this.name = name;
    this.codecs = codecs;
    this.address = { host, port };
    this.disk = before?.disk ?? new CoreDisk();
    if (before !== undefined) {
      const { starts, lateMs, aheadMs } = before;
      Object.assign(this, { starts, lateMs, aheadMs });
    }
    this.#parsed = parseOptions({ ...options.options, name: this.name }, () => this.name);
  }

  /** Whether the node writes a snapshot. */
  get writesSnapshots(): boolean {
    return this.#options.snapshot;
  }

  /** Whether the program runs, and the node has neither left nor begun to. */
  get isMember(): boolean {
    return this.running && this.core.state === "alive";
  }

  /** Whether the node goes without our own rules, as a peer with memberlist does. */
  get isPeer(): boolean {
    return this.#options.swim?.rules === rulesOfMemberlist;
  }

  /** Creates the core of a new program, which replays the snapshot. */
  boot(): void {
    const { seed, swim, snapshot, logs, codecs, identities, names, clock } = this.#options;
    const parsed = this.#parsed;
    this.starts += 1;
    const seeded = new SeededRandom(seed, this.starts === 1 ? this.name : `${this.name} ${this.starts}`);
    const random = new Random((bytes) => seeded.fill(bytes));
    const core = new SerfCore({
      config: parsed.serf,
      swim: { ...parsed.swim, ...swim, address: addressBytes(this.address.host)!, port, bindPort: port },
      random,
      codec: codecs.shared ?? createCodec(parsed, random),
      serfCodec: codecs.serf,
      logs,
      identities,
      names: names.ofNode(),
      admission: parsed.admission,
      respond: (query, payload) => {
        try {
          core.queries.respond(clock(this), query, payload);
        } catch (error) {
          // A node that stood still or is slow may be too late.
          if (!(error instanceof SerfError && error.code === "ERR_TIMEOUT")) throw error;
        }
      },
      ...(snapshot && { restored: replay(new TextEncoder().encode(this.disk.file), false) }),
    });
    this.core = core;
    this.alarm = Number.POSITIVE_INFINITY;
    this.running = true;
    this.powered = true;
  }
}
