/** Members that keep their name and get another address: what others make of that, and that nobody is taken for two. */

import { describe, expect, it } from "vitest";
import { CoreWorld, runTrial, type Scenario, shrink, type Watcher } from "../../../runtimes/sim/mod.ts";

const calm: Scenario = {
  seed: 7,
  size: 5,
  profile: "lan",
  network: { latencyMs: [1, 5] },
  snapshots: false,
  encrypted: false,
  steps: [],
};

type Steps = Scenario["steps"];

const structural = { path: "structural", structural: { compareEvery: 1, guarded: true } } as const;

/** Plays steps, and collects who halts, and when all others see n2 at its second address. */
function play(scenario: Scenario): {
  halts: string[];
  findings: readonly string[];
  movedAt: number;
  joinedAt: number;
} {
  const halts: string[] = [];
  const joins: number[] = [];
  const moves: number[] = [];
  const watcher: Watcher = {
    started: (now, { name, address }) => {
      if (name === "n2" && address.host !== "10.0.0.2") moves.push(now);
    },
    effect: (now, node, effect) => {
      if (effect.kind === "halt") halts.push(node.name);
      if (effect.kind !== "emit" || effect.event.type !== "member-join" || node.name === "n2") return;
      for (const { name, address } of effect.event.members)
        if (name === "n2" && address === "10.128.0.1") joins.push(now);
    },
  };
  const { findings, happened } = runTrial(scenario, [watcher]);
  expect(happened.get("move")).toBe(1);
  return { halts, findings, movedAt: moves[0]!, joinedAt: Math.max(...joins) };
}

const ends: readonly { readonly what: string; readonly steps: Steps; readonly withinMs: number }[] = [
  { what: "at once", steps: [{ at: 31_000, do: "move", node: 2, value: 0 }], withinMs: 70_000 },
  {
    what: "while others believe that it failed",
    steps: [
      { at: 31_000, do: "crash", node: 2 },
      { at: 51_000, do: "move", node: 2, value: 0 },
    ],
    withinMs: 70_000,
  },
  {
    what: "when others have forgotten it",
    steps: [
      { at: 31_000, do: "powerOff", node: 2 },
      { at: 151_000, do: "move", node: 2, value: 0 },
    ],
    withinMs: 1_000,
  },
  {
    what: "after it left",
    steps: [
      { at: 31_000, do: "leave", node: 2 },
      { at: 41_000, do: "move", node: 2, value: 0 },
    ],
    withinMs: 1_000,
  },
  {
    what: "in the middle of its leave",
    steps: [
      { at: 31_000, do: "leave", node: 2 },
      { at: 31_010, do: "move", node: 2, value: 0 },
    ],
    withinMs: 70_000,
  },
];

describe("a member that moves", () => {
  for (const snapshots of [false, true])
    it.each(ends)(`$what${snapshots ? " with a snapshot" : ""} is a member at its new address in time`, ({
      steps,
      withinMs,
    }) => {
      const { halts, findings, movedAt, joinedAt } = play({ ...calm, snapshots, steps });
      expect(findings).toEqual([]);
      expect(halts).toEqual([]);
      expect(joinedAt - movedAt).toBeLessThan(withinMs);
    });

  it("with memberlist's rules stops, as in Go, until the others have forgotten it", () => {
    const memberlist = [0, 1, 2, 3, 4];
    const { halts, findings } = play({ ...calm, memberlist, steps: ends[0]!.steps });
    expect(findings).toEqual([]);
    expect(halts.length).toBeGreaterThan(0);
    expect(new Set(halts)).toEqual(new Set(["n2"]));
  });

  it.each([
    false,
    true,
  ])("has one history on all paths, also when another gets its address (key: %s)", (encrypted) => {
    const steps: Steps = [
      { at: 31_000, do: "move", node: 2, value: 0 },
      { at: 31_000, do: "leave", node: 3 },
      { at: 34_000, do: "move", node: 3, value: 1 },
      { at: 60_000, do: "move", node: 2, value: 1 },
    ];
    const scenario: Scenario = { ...calm, snapshots: true, encrypted, steps };
    const hosts: string[] = [];
    const drawn = runTrial(scenario, [
      { started: (now, { name, address }) => void (now >= 31_000 && hosts.push(`${name} ${address.host}`)) },
    ]);
    const plain = runTrial({ ...scenario, encrypted: false }, [], { path: "plain" });
    const handed = runTrial({ ...scenario, encrypted: false }, [], structural);
    expect([drawn, plain, handed].flatMap(({ findings }) => findings)).toEqual([]);
    expect(hosts).toEqual(["n2 10.128.0.1", "n3 10.0.0.2", "n2 10.0.0.3"]);
    expect(drawn.happened.get("move")).toBe(3);
    expect(handed.hash).toBe(plain.hash);
  });

  it("keeps its number, its disk and its clock, and what is sent to its old address reaches nobody", () => {
    const world = new CoreWorld({ seed: 1, size: 3, network: { latencyMs: [50, 50] } });
    world.startJoined();
    world.run(5_000);
    const [n0, , n2] = world.nodes as [
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
    ];
    n2.aheadMs = 700;
    expect(() => world.move(n2)).toThrow("Cannot move n2: it runs");
    world.crash(n2);
    const moved = world.move(n2);
    world.start(moved);
    const { index, name, disk, aheadMs, starts, address } = moved;
    expect({ index, name, disk, aheadMs, starts }).toEqual({
      index: 2,
      name: "n2",
      disk: n2.disk,
      aheadMs: 700,
      starts: 2,
    });
    expect([world.nodes[2], address.host]).toEqual([moved, "10.128.0.1"]);
    const errors: (string | undefined)[] = [];
    // Nobody is there who could refuse the connection.
    world.join(n0, { address: n2.address }, (error) => errors.push(error));
    world.run(9_000);
    expect(errors).toEqual([]);
    world.run(2_000);
    expect(errors).toEqual([expect.stringContaining("i/o timeout")]);
    expect(moved.core.members().map((member) => member.name)).toEqual(["n2"]);
  });

  it("is shrunk as other steps are", () => {
    const steps: Steps = [{ at: 30_500, do: "event", node: 1 }, ...ends[1]!.steps];
    const fails = (smaller: Scenario): boolean => smaller.steps.some((step) => step.do === "move");
    expect(shrink({ ...calm, steps }, { fails })).toMatchObject({
      size: 2,
      steps: [{ at: 51_000, do: "move", value: 0 }],
    });
  });
});
