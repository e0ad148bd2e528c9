/** What can be watched in a world of cores. Checkers, plots and counters are watchers. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "./node.ts";

/**
 * Sees what happens. Every method is optional, is called when the thing has happened, and must
 * change nothing.
 */
export interface Watcher {
  /** A node's core was created, at the beginning of the world or by a restart. */
  started?(now: number, node: CoreNode): void;
  /** A node ended without a word. */
  crashed?(now: number, node: CoreNode): void;
  /** A node was given a datagram of another. */
  packet?(now: number, node: CoreNode, from: CoreNode, bytes: Uint8Array): void;
  /**
   * A core asked for something: sends, events, replies and so on.
   *
   * @internal
   */
  effect?(now: number, node: CoreNode, effect: SerfEffect): void;
  /** A core has had an input, and all that it asked for was done. */
  turned?(now: number, node: CoreNode): void;
}
