/** Scenarios that the swarm found and shrank: each broke a rule once. */

import type { Scenario } from "../../runtimes/sim/mod.ts";

/** What most of them have in common. */
export const plain = { profile: "lan", network: {}, snapshots: false, encrypted: false } as const;

/** Scenarios that the swarm found and shrank, which are mended. */
export const mended: readonly (Scenario & { readonly what: string })[] = [
  {
    what: "a member that restarts after its leave joins at the time at which others believe that leave",
    ...plain,
    seed: 1_059,
    size: 3,
    snapshots: true,
    steps: [
      { at: 44_040, do: "crash", node: 0 },
      { at: 44_460, do: "leave", node: 1 },
      { at: 104_460, do: "crash", node: 1 },
    ],
  },
  {
    what: "a member that is removed as failed joins at the same time",
    ...plain,
    seed: 1_307,
    size: 3,
    steps: [
      { at: 55_290, do: "massRestart" },
      { at: 55_620, do: "pause", node: 2, forMs: 1_500 },
      { at: 58_200, do: "partition", group: [1], forMs: 375 },
      { at: 59_250, do: "crash", node: 0 },
      { at: 119_250, do: "remove", node: 2, other: 0 },
    ],
  },
  {
    what: "a member that left returns while its datagrams are lost, and crashes before others receive that",
    ...plain,
    seed: 1_128,
    size: 4,
    steps: [
      { at: 41_580, do: "mtu", value: 60, forMs: 7_500 },
      { at: 45_780, do: "leave", node: 3 },
      { at: 47_460, do: "join", node: 3 },
      { at: 48_780, do: "crash", node: 3 },
    ],
  },
  {
    what: "a member that stands still while it leaves is suspected, and refutes that before it is gone",
    ...plain,
    seed: 1_813,
    size: 5,
    steps: [
      { at: 55_140, do: "leave", node: 4 },
      { at: 55_380, do: "pause", node: 4, forMs: 11_250 },
    ],
  },
  {
    what: "a node that restarts is taken for the one that left, whose last packets were slow",
    ...plain,
    seed: 222,
    size: 7,
    network: { latencyMs: [1, 18] },
    steps: [
      { at: 34_380, do: "bandwidth", value: 500, forMs: 7_500 },
      { at: 38_340, do: "leave", node: 4 },
      { at: 40_650, do: "tags", node: 5 },
      { at: 44_880, do: "massRestart" },
    ],
  },
  {
    what: "a member that left receives from a liar that it failed",
    ...plain,
    seed: 596,
    size: 7,
    steps: [
      { at: 43_958, do: "hostile", node: 6, value: 917_639, forMs: 10_000 },
      { at: 44_340, do: "leave", node: 5 },
    ],
  },
  {
    what: "two members move at once, each to where the other does not look, and the third leaves",
    ...plain,
    seed: 383,
    size: 3,
    steps: [
      { at: 89_893, do: "move", node: 2, value: 1 },
      { at: 90_197, do: "move", node: 0, value: 1 },
      { at: 120_000, do: "leave", node: 1 },
    ],
  },
  {
    what: "who left is not believed to be back by somebody that missed it, and believes it at its old address",
    ...plain,
    seed: 1_750,
    size: 8,
    network: { latencyMs: [1, 18] },
    snapshots: true,
    memberlist: [1, 4, 7],
    steps: [
      { at: 84_832, do: "move", node: 4, value: 0 },
      { at: 87_832, do: "move", node: 0, value: 1 },
      { at: 87_937, do: "move", node: 7, value: 1 },
      { at: 105_120, do: "leave", node: 4 },
    ],
  },
  {
    what: "who is believed at its old address cannot know that another such member left",
    ...plain,
    seed: 3_388,
    size: 5,
    steps: [
      { at: 52_736, do: "move", node: 4, value: 0 },
      { at: 52_736, do: "move", node: 2, value: 1 },
      { at: 68_760, do: "leave", node: 2 },
    ],
  },
  {
    what: "a peer with memberlist that moves stops, and starts again when all agree that it is gone",
    ...plain,
    seed: 689,
    size: 27,
    network: { latencyMs: [1, 7] },
    memberlist: [3, 5, 6, 7, 9, 10, 16, 17, 18, 19, 20, 21, 22],
    steps: [{ at: 86_761, do: "move", node: 22, value: 1 }],
  },
  {
    what: "the host of an address refuses connections, but its member is at another one",
    ...plain,
    seed: 1_982,
    size: 5,
    network: { latencyMs: [1, 15], loss: 0.04 },
    memberlist: [0, 2, 4],
    steps: [
      { at: 30_685, do: "move", node: 1, value: 1 },
      { at: 30_685, do: "move", node: 2, value: 1 },
    ],
  },
  {
    what: "an event misses three members of memberlist's rules, and two of them exchange state",
    ...plain,
    seed: 3_037,
    size: 9,
    network: { latencyMs: [1, 7] },
    memberlist: [0, 1, 2, 3, 4, 5, 6, 7, 8],
    steps: [
      { at: 58_336, do: "crash", node: 5 },
      { at: 59_336, do: "move", node: 5, value: 0 },
      { at: 62_336, do: "move", node: 3, value: 1 },
      { at: 69_900, do: "leave", node: 8 },
      { at: 72_900, do: "crash", node: 8 },
      { at: 117_282, do: "crash", node: 2 },
      { at: 117_292, do: "restart", node: 2 },
    ],
  },
  {
    what: "somebody who left before, and missed that another left, does not make others believe that it returned",
    ...plain,
    seed: 832_115_476,
    size: 37,
    network: { latencyMs: [1, 16] },
    steps: [
      { at: 40_500, do: "leave", node: 20 },
      { at: 55_290, do: "leave", node: 15 },
    ],
  },
  {
    what: "and neither does somebody behind a bridge, who missed it",
    ...plain,
    seed: 832_115_476,
    size: 28,
    network: { latencyMs: [1, 16] },
    steps: [
      { at: 48_660, do: "bridge", group: [4, 5, 8], node: 8, forMs: 45_000 },
      { at: 53_640, do: "leave", node: 6 },
    ],
  },
  {
    what: "a slow machine whose clock leaps gives suspicions all the time that was lost",
    ...plain,
    seed: 836_615_836,
    size: 3,
    profile: "local",
    steps: [
      { at: 32_460, do: "pause", node: 2, forMs: 7500 },
      { at: 32_640, do: "slow", node: 0, value: 600, forMs: 5625 },
      { at: 36_300, do: "clockForward", node: 0, value: 30_000 },
    ],
  },
];
