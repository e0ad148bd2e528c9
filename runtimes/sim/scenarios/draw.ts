/** Draws scenarios: the same seed gives the same one on every engine. */

import { SeededRandom } from "../random.ts";
import { wrongAddresses } from "./lookups.ts";
import { formedMs, type Scenario, type Step, type StepKind, stepKinds } from "./scenario.ts";

/** Settings of {@link drawScenario}. */
export interface DrawOptions {
  /** The seed of all chance in it. */
  readonly seed: number;
  /** The least and the greatest number of nodes. Default: 2 and 40, most of them small. */
  readonly sizes?: readonly [least: number, most: number];
}

/** How much time steps are drawn over. */
const durationsMs = [30_000, 60_000, 120_000] as const;

/** Kinds of faults that came later. They have a stream of chance of their own. */
const laterKinds = ["replace", "churn", "stranger", "ask", "hostile"] as const;

/** Kinds that came after those. */
const latestKinds = ["diskFull", "torn", "lyingDns", "suspend", "reordering"] as const;

/** The other kinds. */
const firstKinds: readonly StepKind[] = stepKinds.filter(
  (kind) => ![...laterKinds, ...latestKinds, "move"].some((later) => later === kind),
);

/** Kinds that are drawn more often than others, because others need them or they make work. */
const favoured: readonly StepKind[] = [
  "crash",
  "restart",
  "restart",
  "leave",
  "join",
  "tags",
  "event",
  "pause",
];

/** Draws a scenario. */
export function drawScenario(options: DrawOptions): Scenario {
  const scenario = drawWithLatest(options);
  const random = new SeededRandom(options.seed, "moves");
  // The others stay as they were, as below.
  if (!random.chance(0.3)) return scenario;
  const { size, steps } = scenario;
  const moves = Array.from({ length: random.between(1, 3) }, () => drawMove(random, size)).flat();
  return { ...scenario, steps: [...steps, ...moves].sort((a, b) => a.at - b.at) };
}

/**
 * Draws a move: of a member that runs, or some time after it crashed or left, so that others still
 * believe what was before, or know, or have forgotten it. Sometimes another one gets the old address.
 */
function drawMove(random: SeededRandom, size: number): Step[] {
  const node = random.below(size);
  const other = (node + 1 + random.below(size - 1)) % size;
  const at = formedMs + random.below(60_000);
  const end = pick(random, [undefined, "crash", "powerOff", "leave", "leave"] as const);
  const goneMs = end === undefined ? 0 : pick(random, [10, 1_000, 5_000, 20_000, 90_000]);
  const move: Step = { at: at + goneMs, do: "move", node, value: random.below(2) };
  return [
    ...(end === undefined ? [] : [{ at, do: end, node }]),
    move,
    ...(random.chance(0.3)
      ? [{ ...move, at: move.at + pick(random, [0, 3_000, 40_000]), node: other, value: 1 }]
      : []),
    ...(random.chance(0.2) ? [{ ...move, at: move.at + pick(random, [500, 8_000, 60_000]) }] : []),
  ];
}

function drawWithLatest(options: DrawOptions): Scenario {
  const scenario = drawWithLater(options);
  const random = new SeededRandom(options.seed, "latest");
  // The others stay as they were, as below.
  if (random.chance(0.5)) return scenario;
  const { size, steps, snapshots } = scenario;
  const latest = Array.from({ length: random.between(1, 3) }, () => drawLatest(random, size)).flat();
  return {
    ...scenario,
    // Only nodes with a snapshot notice their disk.
    snapshots: snapshots || latest.some(({ do: kind }) => kind === "diskFull" || kind === "torn"),
    steps: [...steps, ...latest].sort((a, b) => a.at - b.at),
  };
}

function drawWithLater(options: DrawOptions): Scenario {
  const first = drawFirst(options);
  const random = new SeededRandom(options.seed, "later");
  // The others stay as they were before there were more kinds.
  if (random.chance(0.5)) return first;
  const { size, steps } = first;
  const later = Array.from({ length: random.between(1, 3) }, () => drawLater(random, size));
  return {
    ...first,
    ...(random.chance(0.5) && { memberlist: drawPeers(random, size) }),
    steps: [...steps, ...later].sort((a, b) => a.at - b.at),
  };
}

/** Draws a step of a kind that came later. */
function drawLater(random: SeededRandom, size: number): Step {
  const kind = pick(random, laterKinds);
  const step = { at: formedMs + random.below(60_000), do: kind, node: random.below(size) };
  switch (kind) {
    case "replace":
      return step;
    case "churn":
      return { ...step, value: random.between(2, 12), forMs: pick(random, [5_000, 20_000, 60_000]) };
    case "stranger":
      return { ...step, value: random.below(3), forMs: pick(random, [5_000, 30_000, 90_000]) };
    case "hostile":
      return { ...step, value: random.below(1_000_000), forMs: pick(random, [2_000, 10_000, 30_000]) };
    case "ask":
      return { ...step, value: pick(random, [0, 0, 1, 3]) };
  }
}

/** Draws a step of a kind that came last, and mostly a restart, which has to cope with it. */
function drawLatest(random: SeededRandom, size: number): Step[] {
  const kind = pick(random, latestKinds);
  const at = formedMs + random.below(90_000);
  const node = random.below(size);
  const step = { at, do: kind, node };
  const forMs = pick(random, [2_000, 10_000, 40_000, 100_000]);
  const isRestarted = random.chance(0.7);
  const lifeMs = random.below(forMs);
  const restart: Step[] = [
    { at: at + lifeMs, do: "crash", node },
    { at: at + lifeMs + pick(random, [10, 2_000, 20_000]), do: "restart", node },
  ];
  switch (kind) {
    case "diskFull":
      return [{ ...step, value: pick(random, [0, 10, 100]), forMs }, ...(isRestarted ? restart : [])];
    case "torn":
      return [
        { ...step, value: pick(random, [1, 30, 300, 3_000]) },
        ...(isRestarted ? [{ ...restart[1]!, at: at + pick(random, [10, 3_000, 30_000]) }] : []),
        // Whoever wrote on after what was torn starts from that.
        ...(isRestarted && random.chance(0.5)
          ? restart.map((each) => ({ ...each, at: each.at + 35_000 }))
          : []),
      ];
    case "lyingDns": {
      const other = (node + 1 + random.below(size - 1)) % size;
      return [
        { ...step, other, value: random.below(wrongAddresses), forMs },
        ...(isRestarted ? restart : []),
      ];
    }
    case "suspend":
      return [{ ...step, forMs }];
    case "reordering":
      return [{ at, do: kind, value: random.between(5, 50), forMs }];
  }
}

/** Draws which machines have peers with memberlist: some, or all. */
function drawPeers(random: SeededRandom, size: number): number[] {
  const all = Array.from({ length: size }, (_, index) => index);
  return random.chance(0.3) ? all : all.filter(() => random.chance(0.5));
}

function drawFirst({ seed, sizes: [least, most] = [2, 40] }: DrawOptions): Scenario {
  const random = new SeededRandom(seed, "scenario");
  // Small clusters are cheap and find most.
  const large = random.chance(0.15);
  const size = random.between(least, large ? most : Math.min(most, Math.max(least, 10)));
  const durationMs = pick(random, durationsMs);
  const count = random.between(1, 16);
  const steps: Step[] = [];
  for (let index = 0; index < count; index += 1) {
    const step = drawStep(random, size, durationMs);
    steps.push(step, ...drawSequel(random, step, size));
  }
  return {
    seed,
    size,
    profile: random.chance(0.2) ? "local" : "lan",
    network: {
      latencyMs: [1, random.between(1, 20)],
      ...(random.chance(0.3) && { loss: random.between(1, 5) / 100 }),
    },
    snapshots: random.chance(0.3),
    encrypted: random.chance(0.1),
    steps: steps.sort((a, b) => a.at - b.at),
  };
}

function drawStep(random: SeededRandom, size: number, durationMs: number): Step {
  const kinds = random.chance(0.3) ? favoured : firstKinds;
  const kind = pick(random, kinds);
  const at = formedMs + random.below(1_000) * Math.floor(durationMs / 1_000);
  const node = random.below(size);
  const other = (node + 1 + random.below(size - 1)) % size;
  const forMs = pick(random, [500, 1_500, 5_000, 15_000, 45_000]);
  // Members that are gone for longer than gossip goes on to the dead.
  const longer = random.chance(0.2) ? 150_000 : forMs;
  const step = { at, do: kind };
  switch (kind) {
    case "massRestart":
    case "heal":
      return step;
    case "remove":
      return { ...step, node, other };
    case "pause":
      return { ...step, node, forMs };
    case "isolate":
      return { ...step, node, forMs: longer };
    case "query":
      return { ...step, node, value: pick(random, [0, 0, 1, 3]) };
    case "slow":
      return { ...step, node, value: pick(random, [20, 150, 600, 3_000]), forMs };
    case "clockForward":
    case "clockBack":
      return { ...step, node, value: pick(random, [200, 2_000, 30_000]) };
    case "burst":
      return { ...step, node, value: random.between(2, 60) };
    case "loss":
      return { ...step, value: pick(random, [5, 10, 30, 60, 95]), forMs };
    case "duplication":
      return { ...step, value: random.between(5, 50), forMs };
    case "corruption":
      return { ...step, value: random.between(1, 20), forMs };
    case "latency":
    case "jitter":
      return { ...step, value: pick(random, [30, 90, 400, 1_500]), forMs };
    case "cut":
    case "badLink":
      return { ...step, node, other, forMs };
    case "partition":
      return { ...step, group: drawGroup(random, size), forMs: longer };
    case "bridge":
      return { ...step, group: drawGroup(random, size), node, forMs };
    case "bandwidth":
      return { ...step, value: pick(random, [500, 5_000, 50_000]), forMs };
    case "mtu":
      return { ...step, value: pick(random, [60, 150, 500]), forMs };
    case "udpBroken":
    case "tcpBroken":
      return { ...step, forMs };
    default:
      return { ...step, node };
  }
}

/**
 * Draws what comes after some steps: who ended starts again or is removed, who left comes back, and
 * while messages get lost there is one to lose.
 */
function drawSequel(random: SeededRandom, { do: kind, at, node = 0 }: Step, size: number): Step[] {
  const later = at + pick(random, [100, 3_000, 20_000, 60_000]);
  switch (kind) {
    case "crash":
    case "powerOff":
      if (random.chance(0.6)) return [{ at: later, do: "restart", node }];
      return [
        { at: at + 60_000, do: "remove", node: (node + 1 + random.below(size - 1)) % size, other: node },
      ];
    case "leave":
      return random.chance(0.5) ? [{ at: later, do: pick(random, ["join", "crash"]), node }] : [];
    case "udpBroken":
    case "isolate":
    case "partition":
    case "loss":
      return random.chance(0.5) ? [{ at: at + 100, do: "event", node: random.below(size) }] : [];
    default:
      return [];
  }
}

function drawGroup(random: SeededRandom, size: number): number[] {
  const share = pick(random, [0.1, 0.3, 0.5]);
  return Array.from({ length: size }, (_, index) => index).filter(() => random.chance(share));
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}
