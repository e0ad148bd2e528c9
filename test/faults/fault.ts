/**
 * Faults of real machines and networks as data: what a step does to a cluster of processes, drawn
 * from a seed and printed as JSON.
 */

import { SeededRandom } from "../../runtimes/sim/random.ts";

/** One fault. Nodes are given by index. */
export type Fault =
  /** A part of the packets to and from a node is lost. */
  | { readonly kind: "loss"; readonly node: number; readonly percent: number }
  /** Packets to and from a node are late, each by a time of its own. */
  | { readonly kind: "delay"; readonly node: number; readonly ms: number; readonly jitterMs: number }
  /** The line of a node carries only so much, so that packets wait and are dropped. */
  | { readonly kind: "narrow"; readonly node: number; readonly kbit: number }
  /** Nothing arrives at some nodes that others send; the other direction works. */
  | { readonly kind: "cut"; readonly from: readonly number[]; readonly to: readonly number[] }
  /** Some nodes and the others do not reach each other. */
  | { readonly kind: "split"; readonly nodes: readonly number[] }
  /** Longer packets to and from a node vanish without a notice to the sender. */
  | { readonly kind: "mtu"; readonly node: number; readonly bytes: number }
  /** A process stands still (SIGSTOP). */
  | { readonly kind: "stop"; readonly node: number }
  /** A process ends at once (SIGKILL), and starts again with its snapshot. */
  | { readonly kind: "kill"; readonly node: number }
  /** No byte is left where a node has its snapshot. */
  | { readonly kind: "full"; readonly node: number }
  /** A process gets only so much more memory than it has. */
  | { readonly kind: "memory"; readonly node: number; readonly spareMb: number };

/** What a fault is. */
export type FaultKind = Fault["kind"];

/** Every kind. */
export const faultKinds: readonly FaultKind[] = [
  "loss",
  "delay",
  "narrow",
  "cut",
  "split",
  "mtu",
  "stop",
  "kill",
  "full",
  "memory",
];

/** Faults that happen together, and how long they last. */
export interface FaultStep {
  readonly seconds: number;
  readonly faults: readonly Fault[];
}

/** What happens to a cluster. */
export interface FaultScript {
  readonly encrypted: boolean;
  readonly steps: readonly FaultStep[];
}

/** What a script is drawn from. */
export interface FaultDraw {
  readonly seed: number;
  /** Number of nodes. */
  readonly size: number;
  /** Nodes that are ours: only these get too little memory, as Serf's end then. */
  readonly ours: readonly number[];
  /** Kinds that this machine can cause. */
  readonly kinds: readonly FaultKind[];
  readonly stepCount: number;
  /** The shortest and the longest time that a step lasts. */
  readonly seconds: readonly [least: number, most: number];
}

/** Draws a script. Every kind comes once before one comes twice. */
export function drawFaults({ seed, size, ours, kinds, stepCount, seconds }: FaultDraw): FaultScript {
  const random = new SeededRandom(seed, "faults");
  const encrypted = random.chance(0.3);
  const bag: FaultKind[] = [];
  const steps: FaultStep[] = [];
  while (steps.length < stepCount) {
    const faults: Fault[] = [];
    const free = { all: shuffled(random, indices(size)), ours: shuffled(random, ours) };
    for (let count = random.chance(0.5) ? 2 : 1; count > 0; count -= 1) {
      if (bag.length === 0) bag.push(...shuffled(random, kinds));
      const kind = bag.pop()!;
      const node = (kind === "memory" || kind === "full" ? free.ours : free.all).pop()!;
      // No node has two faults at once, so that each is seen by itself.
      for (const list of [free.all, free.ours]) if (list.includes(node)) list.splice(list.indexOf(node), 1);
      faults.push(drawFault(random, kind, node, size));
    }
    steps.push({ seconds: random.between(...seconds), faults });
  }
  return { encrypted, steps };
}

/** Returns a step as a person says it. */
export function describeStep({ seconds, faults }: FaultStep): string {
  return `${faults.map(describe).join(", ")} for ${seconds} s`;
}

function describe(fault: Fault): string {
  switch (fault.kind) {
    case "loss":
      return `node ${fault.node} loses ${fault.percent} % of its packets`;
    case "delay":
      return `node ${fault.node} is ${fault.ms} ± ${fault.jitterMs} ms away`;
    case "narrow":
      return `node ${fault.node} has a line of ${fault.kbit} kbit/s`;
    case "cut":
      return `nothing from ${fault.from.join("+")} arrives at ${fault.to.join("+")}`;
    case "split":
      return `${fault.nodes.join("+")} are cut off from the others`;
    case "mtu":
      return `packets above ${fault.bytes} bytes to and from node ${fault.node} vanish`;
    case "stop":
      return `node ${fault.node} stands still`;
    case "kill":
      return `node ${fault.node} is killed`;
    case "full":
      return `the disk of node ${fault.node} is full`;
    case "memory":
      return `node ${fault.node} gets at most ${fault.spareMb} MB more`;
  }
}

function drawFault(random: SeededRandom, kind: FaultKind, node: number, size: number): Fault {
  const others = indices(size).filter((other) => other !== node);
  const group = shuffled(random, others).slice(0, random.between(1, size - 1));
  switch (kind) {
    case "loss":
      return { kind, node, percent: random.between(5, 40) };
    case "delay":
      return { kind, node, ms: random.between(50, 800), jitterMs: random.between(10, 50) };
    case "narrow":
      return { kind, node, kbit: random.between(32, 256) };
    case "cut":
      return random.chance(0.5) ? { kind, from: [node], to: group } : { kind, from: group, to: [node] };
    case "split":
      return { kind, nodes: [node, ...group.slice(0, Math.floor(size / 2) - 1)].sort() };
    case "mtu":
      return { kind, node, bytes: random.between(300, 1_300) };
    case "memory":
      return { kind, node, spareMb: random.between(24, 64) };
    case "stop":
    case "kill":
    case "full":
      return { kind, node };
  }
}

function indices(size: number): number[] {
  return Array.from({ length: size }, (_, index) => index);
}

function shuffled<T>(random: SeededRandom, list: readonly T[]): T[] {
  const order = [...list];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = random.below(index + 1);
    [order[index], order[other]] = [order[other]!, order[index]!];
  }
  return order;
}
