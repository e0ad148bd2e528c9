/** Plays scripts of faults on real agents. */

import { type Kind, ours } from "../interop/agents.ts";
import { lacks } from "../machine/here.ts";
import { FaultyCluster } from "./cluster.ts";
import { describeStep, drawFaults, type FaultKind, type FaultScript, faultKinds } from "./fault.ts";

/** The agents of a cluster, as far as they are installed. */
const crew: readonly Kind[] = ["node", "serf-0.10", "deno", "serf-0.9", "bun", "serf-0.11"];

/** The kinds of agents of a cluster on this machine, always as many. */
export function crewHere(): Kind[] {
  return crew.map((kind, node) => (lacks(kind) ? (lacks("bun") || node % 2 === 0 ? "node" : "bun") : kind));
}

/** Draws the script of a seed for this machine. */
export function scriptOf(
  seed: number,
  options: { readonly stepCount: number; readonly seconds: readonly [least: number, most: number] },
): FaultScript {
  const agents = crewHere();
  const kinds = faultKinds.filter((kind) => isPossible(kind));
  const own = [...agents.keys()].filter((node) => ours.includes(agents[node]!));
  return drawFaults({ seed, size: agents.length, ours: own, kinds, ...options });
}

/** Whether this machine can cause a kind of faults. */
export function isPossible(kind: FaultKind): boolean {
  return kind !== "delay" || !lacks("delays");
}

/** What happened while a script was played. */
export interface Played {
  /** What was wrong, and after which step. Empty if all was well. */
  readonly findings: readonly string[];
  /** Steps that were played. */
  readonly stepCount: number;
}

/** What {@link playFaults} may do besides. */
export interface PlayOptions {
  /** Is called with a line for each thing that happens. */
  readonly onLine?: (line: string) => void;
}

/** Plays a script on a new cluster, until something is wrong. */
export async function playFaults(
  { encrypted, steps }: FaultScript,
  { onLine = () => {} }: PlayOptions = {},
): Promise<Played> {
  const cluster = await FaultyCluster.start({ kinds: crewHere(), encrypted });
  try {
    for (const [index, step] of steps.entries()) {
      onLine(`${index}: ${describeStep(step)}`);
      cluster.cause(step.faults);
      await cluster.load(step.seconds);
      await cluster.heal(step.faults);
      const healed = performance.now();
      const findings = await cluster.check();
      onLine(`   sound ${((performance.now() - healed) / 1_000).toFixed(1)} s later`);
      if (findings.length > 0)
        return {
          findings: [`After step ${index}, ${describeStep(step)}:`, ...findings, ...cluster.logs()],
          stepCount: index + 1,
        };
    }
    return { findings: [], stepCount: steps.length };
  } finally {
    await cluster.remove();
  }
}
