/** Makes a scenario that fails smaller, as long as it still fails. */

import type { Scenario, Step } from "./scenario.ts";

/** Settings of {@link shrink}. */
export interface ShrinkOptions {
  /** Returns whether a scenario still fails. */
  readonly fails: (scenario: Scenario) => boolean;
  /** The number of scenarios to try at most. Default 200. */
  readonly triesMax?: number;
}

/**
 * Removes steps and nodes, and shortens what lasts, until nothing can be removed any more or there
 * were too many tries. The result fails if the given scenario does.
 */
export function shrink(scenario: Scenario, { fails, triesMax = 200 }: ShrinkOptions): Scenario {
  let best = scenario;
  let tries = triesMax;
  for (let better = true; better && tries > 0; ) {
    better = false;
    for (const candidate of candidates(best)) {
      if (tries <= 0) break;
      tries -= 1;
      if (!fails(candidate)) continue;
      best = candidate;
      better = true;
      break;
    }
  }
  return best;
}

/** Smaller scenarios, those that remove most first. */
function* candidates(scenario: Scenario): Generator<Scenario> {
  yield* withFewerSteps(scenario);
  yield* withFewerNodes(scenario);
  const { steps, network, snapshots, encrypted, memberlist = [] } = scenario;
  if (Object.keys(network).length > 0) yield { ...scenario, network: {} };
  if (snapshots) yield { ...scenario, snapshots: false };
  if (encrypted) yield { ...scenario, encrypted: false };
  if (memberlist.length > 0) {
    const { memberlist: _, ...ours } = scenario;
    yield ours;
  }
  for (const [index, step] of steps.entries()) {
    const { forMs, value } = step;
    if (forMs !== undefined && forMs > 500)
      yield replaced(scenario, index, { ...step, forMs: Math.ceil(forMs / 2) });
    if ((step.do === "burst" || step.do === "churn") && value! > 1)
      yield replaced(scenario, index, { ...step, value: Math.ceil(value! / 2) });
  }
}

function* withFewerSteps(scenario: Scenario): Generator<Scenario> {
  const { steps } = scenario;
  for (let size = steps.length; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      yield { ...scenario, steps: steps.filter((_, index) => index < from || index >= from + size) };
    }
  }
}

function* withFewerNodes(scenario: Scenario): Generator<Scenario> {
  const { size } = scenario;
  if (size > 3) yield ofSize(scenario, Math.ceil(size / 2));
  for (let removed = size - 1; removed >= 0 && size > 2; removed -= 1) yield without(scenario, removed);
}

/** Leaves out the nodes from a number on, with the steps that are about them. */
function ofSize(scenario: Scenario, size: number): Scenario {
  let smaller = scenario;
  while (smaller.size > size) smaller = without(smaller, smaller.size - 1);
  return smaller;
}

/** Leaves out one node, with the steps that are about it; those behind it get the next lower numbers. */
function without(scenario: Scenario, removed: number): Scenario {
  const renumber = (node: number): number => (node > removed ? node - 1 : node);
  const steps: Step[] = [];
  for (const step of scenario.steps) {
    const { node, other, group } = step;
    if (node === removed || other === removed) continue;
    steps.push({
      ...step,
      ...(node !== undefined && { node: renumber(node) }),
      ...(other !== undefined && { other: renumber(other) }),
      ...(group !== undefined && { group: group.filter((each) => each !== removed).map(renumber) }),
    });
  }
  const { memberlist } = scenario;
  return {
    ...scenario,
    size: scenario.size - 1,
    ...(memberlist !== undefined && {
      memberlist: memberlist.filter((each) => each !== removed).map(renumber),
    }),
    steps,
  };
}

function replaced(scenario: Scenario, index: number, step: Step): Scenario {
  return { ...scenario, steps: scenario.steps.map((each, place) => (place === index ? step : each)) };
}
