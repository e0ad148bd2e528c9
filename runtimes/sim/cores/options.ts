/** What a world of cores is made of: how many nodes, on what network, and who watches. */

import type { QueryEvent } from "../../../src/core/serf/api.ts";
import type { SwimConfig } from "../../../src/core/swim/config.ts";
import type { SerfOptions } from "../../../src/shell/options/options.ts";
import type { LinkOptions } from "./links.ts";
import type { CoreNode } from "./node.ts";
import type { MessagePath, StructuralOptions } from "./path.ts";
import type { Watcher } from "./watcher.ts";

export type { QueryEvent as CoreQueryEvent } from "../../../src/core/serf/api.ts";

/** Settings of a `CoreWorld`. */
export interface CoreWorldOptions {
  /** The seed of all chance in the world. */
  readonly seed: number;
  /** The number of nodes. */
  readonly size: number;
  /** The conditions of all links. Default: a delay of 1 ms and no faults. */
  readonly network?: Partial<LinkOptions>;
  /** Options of every node beside its name and addresses. */
  readonly options?: SerfOptions;
  /**
   * Settings of the membership layer that replace those of the options, by the number of the machine.
   *
   * @internal
   */
  readonly swim?: (machine: number) => Partial<SwimConfig>;
  /** Returns the answer of a node to a query; `undefined` if it does not answer. Default: nobody does. */
  readonly answer?: (node: CoreNode, query: QueryEvent) => Uint8Array | undefined;
  /** Whether nodes write snapshots. Default false. */
  readonly snapshots?: boolean;
  /** Who sees what happens, checkers for example. */
  readonly watchers?: readonly Watcher[];
  /** Whether log lines are among the effects that watchers see. Default false: they take time. */
  readonly logs?: boolean;
  /**
   * How messages travel. Default: `sealed` if the options have a key, else `plain`. `structural` is
   * fastest and gives the history of `plain`; it needs `compression: false`, no key and no label.
   */
  readonly path?: MessagePath;
  /** How a structural path is held against real bytes. */
  readonly structural?: StructuralOptions;
}
