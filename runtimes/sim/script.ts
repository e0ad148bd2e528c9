/**
 * Scenarios as data: which faults happen when. A script can be printed, stored with a failing seed,
 * shortened by hand and played again.
 */
import { SeededRandom } from "./random.ts";
import type { World } from "./world.ts";

/** One step of a script: what happens `at` milliseconds after it begins. */
export type Step = { readonly at: number } & (
  | {
      readonly do: "crash" | "powerOff" | "restart" | "pause" | "resume" | "stall" | "release";
      readonly host: string;
    }
  /** A host gets another address, and its program starts again there. */
  | { readonly do: "move"; readonly host: string; readonly address: string }
  | { readonly do: "partition"; readonly groups: readonly (readonly string[])[] }
  | { readonly do: "cut"; readonly from: string; readonly to: string }
  | { readonly do: "heal" }
  | { readonly do: "loss"; readonly rate: number }
  | { readonly do: "duplication"; readonly rate: number }
  | { readonly do: "latency"; readonly least: number; readonly most: number }
);

/** Schedules the steps of a script, counted from now. They happen while the world runs. */
export function playScript(world: World, script: readonly Step[]): void {
  for (const step of script) world.at(step.at, () => perform(world, step));
}

/** Returns a step as one line of text. */
export function describeStep(step: Step): string {
  const { at, do: verb, ...rest } = step;
  return `${at} ms: ${verb} ${Object.values(rest).map(describeValue).join(" ")}`.trimEnd();
}

/** Settings of {@link randomScript}. */
export interface ScriptOptions {
  /** The seed of all chance in it. */
  readonly seed: number;
  /** The names of the hosts that faults may strike. */
  readonly hosts: readonly string[];
  /** Faults begin and end within this time. Afterwards all hosts run and all links work. */
  readonly durationMs: number;
  /** The number of faults. */
  readonly count: number;
  /** Whether consumers of events are stalled as well. Default false. */
  readonly stalls?: boolean;
  /**
   * Addresses that nobody has, for hosts that move to another one: first these in their order, and when
   * all are used no host moves any more. Default: none, and no host moves.
   */
  readonly leases?: readonly string[];
}

/**
 * Returns a script of random faults, all of which end: afterwards all hosts run and all links work.
 */
export function randomScript(options: ScriptOptions): Step[] {
  const { seed, hosts, durationMs, count, stalls = false, leases = [] } = options;
  const random = new SeededRandom(seed, "script");
  const steps: Step[] = [];
  for (let fault = 0; fault < count; fault += 1) {
    const begin = Math.floor((random.below(1_000) * durationMs) / 1_000);
    const end = begin + 1 + Math.floor((random.below(1_000) * (durationMs - begin)) / 1_000);
    steps.push(...randomFault(random, hosts, begin, Math.min(end, durationMs), stalls));
  }
  // They have draws of their own, so that the others stay as they are without them.
  for (const address of leases) {
    const host = hosts[random.below(hosts.length)]!;
    const at = Math.floor((random.below(1_000) * durationMs) / 1_000);
    // Some have been gone for a while.
    if (random.chance(0.5)) steps.push({ at: random.below(at + 1), do: "crash", host });
    steps.push({ at, do: "move", host, address });
  }
  // The faults of different draws overlap: one may restart what another has paused.
  for (const host of hosts) {
    steps.push({ at: durationMs, do: "resume", host });
    if (stalls) steps.push({ at: durationMs, do: "release", host });
  }
  steps.push({ at: durationMs, do: "heal" }, { at: durationMs, do: "loss", rate: 0 });
  // Sorting is stable, so steps at the same time stay in the order in which they were drawn.
  return steps.sort((a, b) => a.at - b.at);
}

function randomFault(
  random: SeededRandom,
  hosts: readonly string[],
  begin: number,
  end: number,
  stalls: boolean,
): Step[] {
  const host = hosts[random.below(hosts.length)]!;
  const other = hosts[random.below(hosts.length)]!;
  switch (random.below(stalls ? 7 : 6)) {
    case 0:
      return [
        { at: begin, do: "crash", host },
        { at: end, do: "restart", host },
      ];
    case 1:
      return [
        { at: begin, do: "powerOff", host },
        { at: end, do: "restart", host },
      ];
    case 2:
      return [
        { at: begin, do: "pause", host },
        { at: end, do: "resume", host },
      ];
    case 3:
      return [
        { at: begin, do: "partition", groups: [hosts.filter(() => random.chance(0.5))] },
        { at: end, do: "heal" },
      ];
    case 4:
      return [
        { at: begin, do: "cut", from: host, to: other },
        { at: end, do: "heal" },
      ];
    case 5:
      return [
        { at: begin, do: "loss", rate: random.below(50) / 100 },
        { at: end, do: "loss", rate: 0 },
      ];
    default:
      return [
        { at: begin, do: "stall", host },
        { at: end, do: "release", host },
      ];
  }
}

function perform(world: World, step: Step): void {
  switch (step.do) {
    case "crash":
    case "powerOff":
    case "restart":
    case "pause":
    case "resume":
    case "stall":
    case "release":
      world[step.do](step.host);
      return;
    case "move":
      world.move(step.host, step.address);
      return;
    case "partition":
      world.network.partition(step.groups);
      break;
    case "cut":
      world.network.cut(step.from, step.to);
      break;
    case "heal":
      world.network.heal();
      break;
    case "loss":
      world.network.shape({ loss: step.rate });
      break;
    case "duplication":
      world.network.shape({ duplication: step.rate });
      break;
    case "latency":
      world.network.shape({ latencyMs: [step.least, step.most] });
      break;
  }
  world.note(describeStep(step));
}

function describeValue(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return value.map((group: readonly string[]) => `{${group.join(",")}}`).join("|");
}
