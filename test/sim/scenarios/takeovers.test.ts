/** Nodes that follow each other at one address, of this cluster and of others, peers with other rules, and liars. */

import { describe, expect, it } from "vitest";
import { CoreWorld, runTrial, type Scenario } from "../../../runtimes/sim/mod.ts";
import type { SerfOptions } from "../../../src/mod.ts";

const calm: Scenario = {
  seed: 7,
  size: 5,
  profile: "lan",
  network: { latencyMs: [1, 5] },
  snapshots: true,
  encrypted: false,
  steps: [],
};

const structural = { path: "structural", structural: { compareEvery: 1, guarded: true } } as const;

describe("a cluster", () => {
  it.each([
    { do: "replace", node: 2 },
    { do: "churn", node: 2, value: 12, forMs: 20_000 },
    { do: "stranger", node: 2, value: 0, forMs: 40_000 },
    { do: "stranger", node: 2, value: 1, forMs: 40_000 },
    { do: "stranger", node: 2, value: 2, forMs: 40_000 },
    { do: "ask", node: 2, value: 0 },
    { do: "ask", node: 2, value: 2 },
    { do: "hostile", node: 2, value: 1, forMs: 30_000 },
    { do: "hostile", node: 2, value: 2, forMs: 30_000 },
    { do: "hostile", node: 2, value: 3, forMs: 30_000 },
  ] as const)("survives $do $value, with a key, and with one history on both paths", (step) => {
    const scenario: Scenario = { ...calm, steps: [{ at: 31_000, ...step }] };
    const sealed = runTrial({ ...scenario, encrypted: true });
    const plain = runTrial(scenario, [], { path: "plain" });
    const handed = runTrial(scenario, [], structural);
    expect([sealed, plain, handed].flatMap(({ findings }) => findings)).toEqual([]);
    expect([sealed, plain].map(({ happened }) => happened.get(step.do))).toEqual([1, 1]);
    expect(handed.hash).toBe(plain.hash);
  });

  it("gives a node with a new name the address of the one before it", () => {
    const world = new CoreWorld({ seed: 1, size: 3 });
    world.startJoined();
    const [n0, n1, n2] = world.nodes as [
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
    ];
    const n3 = world.succeed(n2);
    expect(() => world.start(n3)).toThrow("Cannot start n3: its address is in use");
    world.crash(n2);
    world.start(n3);
    world.join(n3, n0);
    world.run(60_000);
    for (const { core } of [n0, n1, n3]) expect(core.member("n3")).toMatchObject({ status: "alive" });
    for (const { core } of [n0, n1]) {
      expect(core.member("n2")).toMatchObject({ status: "failed", address: n3.address.host });
    }
  });

  it.each<{ readonly what: string; readonly options: SerfOptions }>([
    { what: "key", options: { encryptKey: "N5mwi4LVRHLq2vVz9a4YbA==" } },
    { what: "label", options: { label: "other" } },
  ])("does not take in a node with another $what that has the address of a member", ({ options }) => {
    const world = new CoreWorld({ seed: 1, size: 3 });
    world.startJoined();
    world.run(10_000);
    const [n0, n1, n2] = world.nodes as [
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
      (typeof world.nodes)[0],
    ];
    const stranger = world.stranger(n2, options);
    world.crash(n2);
    world.start(stranger);
    const errors: (string | undefined)[] = [];
    world.join(stranger, n0, (error) => errors.push(error));
    world.run(60_000);
    expect(errors).toEqual([expect.any(String)]);
    for (const { core } of [n0, n1]) {
      expect(core.members().map(({ name, status }) => `${name} ${status}`)).toEqual(
        expect.arrayContaining(["n0 alive", "n1 alive", "n2 failed"]),
      );
      expect(core.members()).toHaveLength(3);
    }
    expect(stranger.core.members().map(({ name }) => name)).toEqual([stranger.name]);
  });

  it("works with peers that go without our own rules, some of them or all", () => {
    const steps = [
      { at: 31_000, do: "crash", node: 1 },
      { at: 31_000, do: "burst", node: 3, value: 20 },
      { at: 50_000, do: "restart", node: 1 },
    ] as const;
    const hashes = [[], [1, 3], [0, 1, 2, 3, 4]].map((memberlist) => {
      const { findings, hash } = runTrial({ ...calm, memberlist, steps });
      expect(findings).toEqual([]);
      return hash;
    });
    expect(new Set(hashes).size).toBe(3);
  });
});

describe("a member that lies", () => {
  it("makes others believe that members failed, that they left, and that there are more of them", () => {
    const reports = new Set<string>();
    const names = new Set<string>();
    for (const value of [1, 2, 3]) {
      const step = { at: 31_000, do: "hostile", node: 2, value, forMs: 30_000 } as const;
      const { findings } = runTrial({ ...calm, steps: [step] }, [
        {
          effect: (now, _node, effect) => {
            if (effect.kind !== "emit" || !("members" in effect.event) || now < 31_000 || now > 61_000)
              return;
            reports.add(effect.event.type);
            for (const { name } of effect.event.members) names.add(name);
          },
        },
      ]);
      expect(findings).toEqual([]);
    }
    expect([...reports]).toEqual(expect.arrayContaining(["member-failed", "member-leave", "member-join"]));
    expect([...names]).toContain("n5");
  });
});

describe("the answers to queries", () => {
  it("arrive with their payloads, also through others", () => {
    const replies: string[] = [];
    const world = new CoreWorld({
      seed: 1,
      size: 4,
      answer: ({ name }, query) => new TextEncoder().encode(`${query.name} ${name}`),
      watchers: [
        {
          effect: (_now, _node, effect) => {
            if (effect.kind !== "reply" || effect.type !== "response") return;
            replies.push(`${effect.from}: ${new TextDecoder().decode(effect.payload)}`);
          },
        },
      ],
    });
    world.startJoined();
    for (const [query, relayFactor] of [0, 2].entries()) {
      world.command(world.nodes[1]!, (core, now) =>
        core.queries.ask(now, query, {
          name: "load",
          payload: new Uint8Array(0),
          nodes: [],
          tags: new Map(),
          ack: true,
          relayFactor,
          timeoutMs: 5_000,
          waitForDeadline: false,
        }),
      );
      world.run(6_000);
      expect(replies.splice(0).sort()).toEqual(
        ["n0", "n1", "n2", "n3"].map((name) => `${name}: load ${name}`),
      );
    }
  });
});
