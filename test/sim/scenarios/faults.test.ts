/** Faults of disks, of lookups, and machines that sleep: each happens, and a cluster survives it. */

import { describe, expect, it } from "vitest";
import { runTrial, type Scenario, type Watcher } from "../../../runtimes/sim/mod.ts";

const calm: Scenario = {
  seed: 7,
  size: 5,
  profile: "lan",
  network: { latencyMs: [1, 5] },
  snapshots: true,
  encrypted: false,
  steps: [],
};

type Steps = Scenario["steps"];

const structural = { path: "structural", structural: { compareEvery: 1, guarded: true } } as const;

/** A restart of a node in the middle of a fault. */
const restart: Steps = [
  { at: 35_000, do: "crash", node: 2 },
  { at: 36_000, do: "restart", node: 2 },
];

const work: Steps = [
  { at: 33_000, do: "burst", node: 1, value: 5 },
  { at: 34_000, do: "tags", node: 2 },
];

const wrongAddresses = ["nobody", "itself", "another member", "another key", "another label", "no key"];

describe("a cluster", () => {
  it.each<{ readonly what: string; readonly kind: Steps[0]["do"]; readonly steps: Steps }>([
    {
      what: "a disk that is full",
      kind: "diskFull",
      steps: [{ at: 31_000, do: "diskFull", node: 2, value: 10, forMs: 40_000 }, ...work],
    },
    {
      what: "a restart from a disk that is full",
      kind: "diskFull",
      steps: [{ at: 31_000, do: "diskFull", node: 2, value: 0, forMs: 40_000 }, ...work, ...restart],
    },
    ...[1, 30, 300, 3_000].map((value) => ({
      what: `a power cut that takes at most ${value} bytes of a snapshot`,
      kind: "torn" as const,
      steps: [...work, { at: 35_000, do: "torn", node: 2, value }, restart[1]!] as const,
    })),
    ...wrongAddresses.map((name, value) => ({
      what: `a wrong address to join, of ${name},`,
      kind: "lyingDns" as const,
      steps: [
        { at: 31_000, do: "lyingDns", node: 2, other: 3, value, forMs: 20_000 },
        ...work,
        ...restart,
      ] as const,
    })),
    {
      what: "a machine that sleeps",
      kind: "suspend",
      steps: [{ at: 31_000, do: "suspend", node: 2, forMs: 40_000 }, ...work],
    },
    ...(["reordering", "latency", "jitter"] as const).map((kind) => ({
      what: `a network with ${kind}`,
      kind,
      steps: [{ at: 31_000, do: kind, value: 50, forMs: 40_000 }, ...work] as const,
    })),
  ])("survives $what with a key, and with one history on both paths", ({ kind, steps }) => {
    const scenario: Scenario = { ...calm, steps: [...steps].sort((a, b) => a.at - b.at) };
    const sealed = runTrial({ ...scenario, encrypted: true });
    const plain = runTrial(scenario, [], { path: "plain" });
    const handed = runTrial(scenario, [], structural);
    expect([sealed, plain, handed].flatMap(({ findings }) => findings)).toEqual([]);
    expect([sealed, plain].map(({ happened }) => happened.get(kind))).toEqual([1, 1]);
    expect(handed.hash).toBe(plain.hash);
  });

  it("does not count what nobody noticed", () => {
    const steps: Steps = [
      { at: 31_000, do: "diskFull", node: 2, value: 10, forMs: 100 },
      { at: 32_000, do: "torn", node: 3, value: 10 },
      { at: 33_000, do: "torn", node: 3, value: 10 },
    ];
    const { happened, findings } = runTrial({ ...calm, steps });
    expect(findings).toEqual([]);
    expect([happened.get("diskFull"), happened.get("torn")]).toEqual([undefined, 1]);
    expect(runTrial({ ...calm, snapshots: false, steps }).happened.size).toBe(0);
    // No datagram takes longer than it does anyway.
    const latency: Steps = [{ at: 31_000, do: "latency", value: 5, forMs: 10_000 }];
    expect(runTrial({ ...calm, steps: latency }).happened.size).toBe(0);
  });

  it("sees a machine that slept fail, which itself missed no time", () => {
    const reports: string[] = [];
    const times: number[] = [];
    const watcher: Watcher = {
      effect: (now, node, effect) => {
        if (effect.kind !== "emit" || effect.event.type !== "member-failed" || now < 31_000) return;
        reports.push(`${node.name} ${effect.event.members.map(({ name }) => name).join()}`);
      },
      turned: (now, node) => {
        if (node.name === "n2" && now > 30_000) times.push(now + node.aheadMs);
      },
    };
    runTrial({ ...calm, steps: [{ at: 31_000, do: "suspend", node: 2, forMs: 40_000 }] }, [watcher]);
    expect(new Set(reports)).toEqual(new Set(["n0 n2", "n1 n2", "n3 n2", "n4 n2"]));
    const gaps = times.map((time, index) => time - (times[index - 1] ?? time));
    expect(Math.max(...gaps)).toBeLessThan(2_000);
  });
});
