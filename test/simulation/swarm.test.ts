import { describe, expect, it } from "vitest";
import { runTrial, type Scenario, type StepKind, stepKinds } from "../../runtimes/sim/mod.ts";
import { addCounts, comparePaths, playSeed } from "./swarm.ts";

/** The seeds that every run of the tests plays. */
const band = { from: 1, to: 60 } as const;

const plain = { profile: "lan", network: {}, snapshots: false, encrypted: false } as const;

/** Scenarios that the swarm found and shrank, which are mended. */
const mended: readonly (Scenario & { readonly what: string })[] = [
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
];

describe("what the swarm found", () => {
  it.each(mended)("is mended: $what", (scenario) => {
    expect(runTrial(scenario).findings).toEqual([]);
  });
});

describe("the swarm", () => {
  it("finds nothing in its band, and proves that every fault happened and every rule was applied", () => {
    const happened = new Map<StepKind, number>();
    const judged = new Map<string, number>();
    const reports: string[] = [];
    for (let seed = band.from; seed <= band.to; seed += 1) {
      const { outcome, report } = playSeed(seed);
      reports.push(...report);
      addCounts(happened, outcome.happened);
      addCounts(judged, outcome.judged);
    }
    expect(reports).toEqual([]);
    expect(stepKinds.filter((kind) => !happened.has(kind))).toEqual([]);
    expect([...judged].filter(([, count]) => count === 0)).toEqual([]);
  }, 120_000);

  it("gives one history with real bytes and without them", () => {
    const seeds = Array.from({ length: 6 }, (_, index) => band.from + 10 * index);
    expect(seeds.flatMap(comparePaths)).toEqual([]);
  }, 120_000);
});
