/**
 * The closed-form model of gossip as an infection: in each round a node infects another with the
 * probability `contact` = fanout / n x (1 - loss) x (1 - failed) x 0.5, and after round r the share
 * 1 / (1 + (n + 1) e^(-contact n r)) is infected. It is the one that Serf's web site draws.
 */

import { infectionThousandths } from "../../../src/core/math.ts";
import { profiles } from "../../../src/core/swim/config.ts";

/** What the model depends on. */
export interface ModelInput {
  readonly nodes: number;
  readonly profile: keyof typeof profiles;
  /** The probability that a packet is lost. */
  readonly loss: number;
  /** How many of the nodes have failed. */
  readonly failed: number;
}

/** What the model predicts. */
export interface Prediction {
  /** Nodes that each node tells in a round. */
  readonly fanout: number;
  /** How long a round takes. */
  readonly roundMs: number;
  /** Whole rounds until 99 % of the nodes have an event. */
  readonly most99Rounds: number;
  readonly halfMs: number;
  readonly most99Ms: number;
}

/** Returns how fast an event spreads according to the model. */
export function predict(input: ModelInput): Prediction {
  const { gossipNodes: fanout, gossipIntervalMs: roundMs } = profiles[input.profile];
  const half = rounds(input, 0.5);
  const most99 = rounds(input, 0.99);
  return {
    fanout,
    roundMs,
    most99Rounds: Math.ceil(most99 / 1000),
    halfMs: Math.round((half * roundMs) / 1000),
    most99Ms: Math.round((most99 * roundMs) / 1000),
  };
}

/** Returns when a share of the nodes, more than 0 and less than 1, has an event according to the model. */
export function predictedMs(input: ModelInput, share: number): number {
  // The curve begins at one node of n + 2, so the least shares lie before the event was sent.
  return Math.max(0, Math.round((rounds(input, share) * profiles[input.profile].gossipIntervalMs) / 1000));
}

/** Returns after how many thousandths of a round a share of the nodes has an event. */
function rounds({ nodes, profile, loss, failed }: ModelInput, share: number): number {
  const growth = profiles[profile].gossipNodes * (1 - loss) * (1 - failed / nodes) * 0.5;
  return infectionThousandths(nodes, share, growth);
}
