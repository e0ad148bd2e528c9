/** What `tserf simulate` simulates. Two runs of the same scenario give the same report. */

import type { profiles } from "../../../src/core/swim/config.ts";

/** What is simulated. */
export interface Scenario {
  /** At least 2. */
  readonly nodes: number;
  /** An integer from 0 to 2^32 - 1. */
  readonly seed: number;
  readonly profile: keyof typeof profiles;
  /** The probability that a packet is lost, below 1. */
  readonly loss: number;
  /** The least and the greatest delay of a packet, in whole milliseconds. */
  readonly latencyMs: readonly [least: number, most: number];
  /** How many nodes crash; fewer than there are. */
  readonly crashes: number;
  /** How long half the cluster is cut off; 0 for never, at most `durationMs`. */
  readonly partitionMs: number;
  /** How long events are sent, from the time when all have joined. */
  readonly durationMs: number;
}
