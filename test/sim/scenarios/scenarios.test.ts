/** Scenarios are data: drawn from a seed, printed, and made smaller while they fail. */

import { describe, expect, it } from "vitest";
import { describeScenario, drawScenario, type Scenario, shrink } from "../../../runtimes/sim/mod.ts";

describe("a scenario", () => {
  it("is drawn from its seed alone, and is plain data", () => {
    expect(drawScenario({ seed: 3 })).toEqual(drawScenario({ seed: 3 }));
    expect(drawScenario({ seed: 4 })).not.toEqual(drawScenario({ seed: 3 }));
    expect(JSON.parse(JSON.stringify(drawScenario({ seed: 3 })))).toEqual(drawScenario({ seed: 3 }));
    const sizes = Array.from({ length: 200 }, (_, seed) => drawScenario({ seed, sizes: [3, 30] }).size);
    expect([Math.min(...sizes), Math.max(...sizes) > 20]).toEqual([3, true]);
  });

  const scenario: Scenario = {
    seed: 1,
    size: 12,
    profile: "lan",
    network: { loss: 0.02 },
    snapshots: true,
    encrypted: false,
    steps: [
      { at: 30_000, do: "crash", node: 4 },
      { at: 31_000, do: "pause", node: 7, forMs: 40_000 },
      { at: 32_000, do: "cut", node: 3, other: 9, forMs: 5_000 },
      { at: 33_000, do: "partition", group: [1, 7, 9], forMs: 5_000 },
      { at: 34_000, do: "burst", node: 2, value: 40 },
    ],
  };

  it("is printed as lines", () => {
    expect(describeScenario(scenario)).toEqual([
      'seed 1: 12 nodes, lan, snapshots, {"loss":0.02}',
      "30000 ms: crash n4",
      "31000 ms: pause n7 for 40000 ms",
      "32000 ms: cut n3 n9 for 5000 ms",
      "33000 ms: partition {n1,n7,n9} for 5000 ms",
      "34000 ms: burst n2 40",
    ]);
  });

  it("is printed with the machines that have peers with memberlist", () => {
    const steps = [{ at: 31_000, do: "churn", node: 2, value: 8, forMs: 20_000 }] as const;
    expect(describeScenario({ ...scenario, memberlist: [1, 3], steps })).toEqual([
      'seed 1: 12 nodes, lan, snapshots, memberlist {n1,n3}, {"loss":0.02}',
      "31000 ms: churn n2 8 for 20000 ms",
    ]);
  });

  it("shrinks its peers with memberlist, and how often names change", () => {
    const steps = [{ at: 31_000, do: "churn", node: 2, value: 8, forMs: 500 }] as const;
    const peers = { ...scenario, size: 4, memberlist: [1, 3], steps };
    const small = shrink(peers, {
      fails: ({ memberlist = [], steps: [step] }) => memberlist.length > 0 && (step?.value ?? 0) > 3,
    });
    expect(small).toMatchObject({ size: 2, memberlist: [0], steps: [{ do: "churn", value: 4 }] });
    expect(shrink(peers, { fails: ({ steps: left }) => left.length > 0 })).toMatchObject({ memberlist: [] });
  });

  it("shrinks to what the failure needs", () => {
    // Fails if a node is paused for 8 seconds or more while there are 4 nodes or more.
    const fails = ({ size, steps }: Scenario): boolean =>
      size >= 4 && steps.some(({ do: kind, forMs = 0 }) => kind === "pause" && forMs >= 8_000);
    const small = shrink(scenario, { fails });
    expect(small).toEqual({
      ...scenario,
      size: 4,
      network: {},
      snapshots: false,
      steps: [{ at: 31_000, do: "pause", node: small.steps[0]!.node, forMs: 10_000 }],
    });
    expect(small.steps[0]!.node).toBeLessThan(4);
  });

  it("stops shrinking after so many tries", () => {
    let tries = 0;
    const fails = (): boolean => {
      tries += 1;
      return false;
    };
    expect(shrink(scenario, { fails, triesMax: 5 })).toBe(scenario);
    expect(tries).toBe(5);
  });
});
