/**
 * Scenarios as data: a cluster, and what happens to it when. A scenario can be printed, stored with
 * a failing seed, made smaller, and played again.
 */

import type { LinkOptions } from "../cores/links.ts";

/**
 * What can happen. `node` and `other` are numbers of machines, which stand for the nodes that have
 * them, and `forMs` is how long a fault lasts:
 *
 * | kind | what happens |
 * | --- | --- |
 * | crash, powerOff | a program ends; its system resets connections, or does not |
 * | restart, massRestart | a program that ended starts and joins; or all start anew at once |
 * | leave, join | a node leaves and runs on; a node that left joins again |
 * | remove | `node` removes the failed `other` |
 * | pause | a program stands still, and what arrives waits |
 * | slow | everything of a node happens `value` ms late |
 * | clockForward, clockBack | a clock jumps by `value` ms and stays there |
 * | tags, event, burst, query | a node sets tags, sends an event, or `value` events, or asks with that many relays |
 * | loss, duplication, corruption | happens to datagrams with a probability of `value` percent |
 * | latency, jitter | packets take up to `value` ms; or mostly few, with a long tail |
 * | cut, badLink | nothing gets from `node` to `other`; or half of it |
 * | partition, bridge | only nodes of one group reach each other; except that `node` reaches all |
 * | isolate | a node reaches nobody |
 * | bandwidth | a node can send `value` bytes of datagrams in a second |
 * | mtu | larger datagrams than `value` bytes do not arrive |
 * | udpBroken, tcpBroken | no datagram arrives; or no connection works |
 * | heal | all faults of the network end early |
 * | replace | a program ends, and one with a new name starts at its address |
 * | churn | that happens `value` times, one after the other |
 * | stranger | a program ends, and one of another cluster has its address; `value` chooses its key and label |
 * | hostile | a member sends lies that `value` chooses, and then ends |
 * | ask | a node asks a query with `value` relays, which all answer |
 * | diskFull | a disk has room for `value` more bytes of the snapshot |
 * | torn | a machine loses its power, and its disk at most `value` bytes that were appended to the snapshot last |
 * | lyingDns | a node joins at a wrong address: nobody's, its own, that of `other`, or in another cluster |
 * | move | a program ends, and starts again at another address: a new one if `value` is 0, or one that another member had before |
 * | reordering | datagrams are held back with a probability of `value` percent, so that later ones overtake them |
 * | suspend | a machine sleeps: its clock stands still, and what arrives is lost |
 */
export const stepKinds = [
  "crash",
  "powerOff",
  "restart",
  "massRestart",
  "leave",
  "join",
  "remove",
  "pause",
  "slow",
  "clockForward",
  "clockBack",
  "tags",
  "event",
  "burst",
  "query",
  "loss",
  "duplication",
  "corruption",
  "latency",
  "jitter",
  "cut",
  "badLink",
  "partition",
  "bridge",
  "isolate",
  "bandwidth",
  "mtu",
  "udpBroken",
  "tcpBroken",
  "heal",
  "replace",
  "churn",
  "stranger",
  "ask",
  "hostile",
  "diskFull",
  "torn",
  "lyingDns",
  "suspend",
  "reordering",
  "move",
] as const;

/** The name of something that can happen. */
export type StepKind = (typeof stepKinds)[number];

/** One thing that happens, `at` milliseconds after the beginning of the world. */
export interface Step {
  readonly at: number;
  readonly do: StepKind;
  readonly node?: number;
  readonly other?: number;
  readonly group?: readonly number[];
  readonly value?: number;
  readonly forMs?: number;
}

/** A cluster, and what happens to it. */
export interface Scenario {
  /** The seed of all chance in it. */
  readonly seed: number;
  /** How many nodes there are at the start. */
  readonly size: number;
  /** The timing of its nodes. */
  readonly profile: "lan" | "wan" | "local";
  /** The conditions of the network while nothing happens to it. */
  readonly network: Partial<LinkOptions>;
  /** Whether nodes write snapshots, from which they restart. */
  readonly snapshots: boolean;
  /** Whether traffic is encrypted; the key is changed at the end. */
  readonly encrypted: boolean;
  /** Machines whose nodes go without our own rules, as peers with memberlist do. Default: none. */
  readonly memberlist?: readonly number[];
  /**
   * In the order of time.
   *
   * @internal
   */
  readonly steps: readonly Step[];
}

/** When the first step happens at the earliest: the cluster has formed then. */
export const formedMs = 30_000;

/** Returns the number of names that members have in a scenario, one after the other on some machines. */
export function namesIn({ size, steps }: Scenario): number {
  return steps.reduce((sum, step) => sum + newNames(step), size);
}

function newNames({ do: kind, value = 0 }: Step): number {
  // Liars make one up.
  if (kind === "replace" || kind === "hostile") return 1;
  return kind === "churn" ? value : 0;
}

/** Returns a step as a line of text. */
export function describeStep({ at, do: kind, node, other, group, value, forMs }: Step): string {
  const parts = [`${at} ms: ${kind}`];
  if (node !== undefined) parts.push(`n${node}`);
  if (other !== undefined) parts.push(`n${other}`);
  if (group !== undefined) parts.push(describeGroup(group));
  if (value !== undefined) parts.push(String(value));
  if (forMs !== undefined) parts.push(`for ${forMs} ms`);
  return parts.join(" ");
}

function describeGroup(group: readonly number[]): string {
  return `{${group.map((index) => `n${index}`).join(",")}}`;
}

/** Returns a scenario as lines of text. */
export function describeScenario({ steps, ...rest }: Scenario): string[] {
  const { seed, size, profile, network, snapshots, encrypted, memberlist = [] } = rest;
  const traits = [
    profile,
    ...(snapshots ? ["snapshots"] : []),
    ...(encrypted ? ["encrypted"] : []),
    ...(memberlist.length > 0 ? [`memberlist ${describeGroup(memberlist)}`] : []),
  ];
  return [
    `seed ${seed}: ${size} nodes, ${traits.join(", ")}, ${JSON.stringify(network)}`,
    ...steps.map(describeStep),
  ];
}
