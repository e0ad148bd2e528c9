/**
 * The setting of a run as data, and as the fragment of a link: a cluster, and what is done to it
 * when. The same setting gives the same history on every engine.
 */

import type { profiles } from "../../../src/core/swim/config.ts";

/** What can be done to a running cluster. `node` and `other` are numbers of nodes. */
export type Deed =
  /** A program ends without a word; or a program that ended starts and joins. */
  | { readonly kind: "crash" | "restart"; readonly node: number }
  /** A program stands still, what arrives waits; or it goes on. */
  | { readonly kind: "pause" | "resume"; readonly node: number }
  /** Everything of a node happens late; or in time. */
  | { readonly kind: "slow" | "quick"; readonly node: number }
  /** A node leaves, or sends an event. */
  | { readonly kind: "leave" | "event"; readonly node: number }
  /** A node reaches nobody. */
  | { readonly kind: "isolate"; readonly node: number }
  /** Nothing gets from one node to another, in both directions. */
  | { readonly kind: "cut"; readonly node: number; readonly other: number }
  /** Half of the nodes do not reach the other half; or the network is whole again. */
  | { readonly kind: "split" | "heal" }
  /** The share of lost packets in percent, or the greatest delay of a packet. */
  | { readonly kind: "loss" | "latency"; readonly value: number };

/** Something that is done at a time. */
export type Action = Deed & { readonly at: number };

/** A run. */
export interface Setting {
  readonly nodes: number;
  readonly seed: number;
  readonly profile: keyof typeof profiles;
  /** The greatest delay of a packet in milliseconds; the least is a third of it. */
  readonly latency: number;
  /** The share of lost packets in percent. */
  readonly loss: number;
  /** In the order of time. */
  readonly actions: readonly Action[];
}

/** Bounds of numbers in a setting. */
export const bounds: Readonly<
  Record<"nodes" | "seed" | "latency" | "loss" | "at", readonly [number, number]>
> = {
  nodes: [2, 300],
  seed: [0, 0xffff_ffff],
  latency: [1, 2_000],
  loss: [0, 90],
  at: [0, 24 * 3_600_000],
};

/** A longer list of actions is cut off. */
export const actionsMax = 500;

/** What a link without a fragment shows. */
export const initial: Setting = { nodes: 20, seed: 7, profile: "lan", latency: 60, loss: 0, actions: [] };

const withNode = [
  "crash",
  "restart",
  "pause",
  "resume",
  "slow",
  "quick",
  "leave",
  "event",
  "isolate",
] as const;
const alone = ["split", "heal"] as const;
const withValue = ["loss", "latency"] as const;

/** Writes a setting as a fragment, without `#`. `at` is the time up to which it is played at once. */
export function fragmentOf({ actions, ...setting }: Setting, at = 0): string {
  const { nodes, seed, profile, latency, loss } = setting;
  return [
    ...Object.entries({ nodes, seed, profile, latency, loss }).map(([name, value]) => `${name}=${value}`),
    ...(at > 0 ? [`at=${at}`] : []),
    ...(actions.length > 0 ? [`do=${actions.map(actionText).join(",")}`] : []),
  ].join("&");
}

/** Reads a fragment. What is missing or wrong is as in {@link initial}, or left out. */
export function readFragment(fragment: string): { readonly setting: Setting; readonly at: number } {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const number = (name: keyof typeof bounds, otherwise: number): number =>
    within(name, fields.get(name) ?? "") ?? otherwise;
  const profile = fields.get("profile");
  const nodes = number("nodes", initial.nodes);
  const setting: Setting = {
    nodes,
    seed: number("seed", initial.seed),
    profile: profile === "wan" || profile === "local" ? profile : "lan",
    latency: number("latency", initial.latency),
    loss: number("loss", initial.loss),
    actions: readActions(fields.get("do") ?? "", nodes),
  };
  return { setting, at: number("at", 0) };
}

/** Returns the number that a text is, or `undefined` if it is none or beyond its bounds. */
export function within(name: keyof typeof bounds, text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const [least, most] = bounds[name];
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}

/** Returns the nodes of one side of a split network. */
export function halfOf(nodes: number): number[] {
  return Array.from({ length: Math.floor(nodes / 2) }, (_, index) => index);
}

function actionText(action: Action): string {
  const { kind, at } = action;
  if ("other" in action) return `${at}:${kind}:${action.node}:${action.other}`;
  if ("node" in action) return `${at}:${kind}:${action.node}`;
  return "value" in action ? `${at}:${kind}:${action.value}` : `${at}:${kind}`;
}

function readActions(text: string, nodes: number): Action[] {
  return text
    .split(",", actionsMax)
    .map((part) => readAction(part, nodes))
    .filter((action) => action !== undefined)
    .sort((a, b) => a.at - b.at);
}

function readAction(text: string, nodes: number): Action | undefined {
  const [time = "", kind = "", first = "", second = ""] = text.split(":");
  const at = within("at", time);
  if (at === undefined) return undefined;
  const single = alone.find((name) => name === kind);
  if (single !== undefined) return { kind: single, at };
  const measured = withValue.find((name) => name === kind);
  if (measured !== undefined) {
    const value = within(measured, first);
    return value === undefined ? undefined : { kind: measured, value, at };
  }
  const node = numberOf(first, nodes);
  if (node === undefined) return undefined;
  const done = withNode.find((name) => name === kind);
  if (done !== undefined) return { kind: done, node, at };
  const other = numberOf(second, nodes);
  return kind === "cut" && other !== undefined && other !== node ? { kind, node, other, at } : undefined;
}

function numberOf(text: string, nodes: number): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) < nodes ? Number(text) : undefined;
}
