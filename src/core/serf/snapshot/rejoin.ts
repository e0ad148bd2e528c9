/**
 * Finds the cluster again after a restart (serf `handleRejoin`): contacts the members of the
 * snapshot one by one, first those that were alive, then those that had failed, until one replies.
 *
 * Serf stops there. If a whole cluster restarts at once, every node then finds one other that knows
 * no members either, and the cluster stays in pieces. So we continue, as for failed members: while
 * there are members of the snapshot that this node has not seen, it contacts one of them now and
 * then.
 */

import { canonicalHost, formatAddress, joinHostPort, portMax } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import type { Swim } from "../../swim/swim.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import type { SnapshotState } from "./format.ts";

/** What finding the cluster needs from the membership layer. */
export type Joiner = Pick<Swim, "join">;

interface Previous {
  readonly name: string;
  readonly to: Address;
}

/** Finds the cluster of one node. */
export class Rejoin {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #swim: Joiner;
  /** The members that are still to be contacted at the start, the next one last. */
  readonly #untried: Previous[];
  /** The members of the snapshot that this node has not seen since. */
  readonly #missing = new Map<string, Previous>();
  readonly #known: boolean;
  #busy = false;
  #until = Number.POSITIVE_INFINITY;

  constructor(context: SerfContext, members: SerfMembers, swim: Joiner, state: SnapshotState) {
    this.#context = context;
    this.#members = members;
    this.#swim = swim;
    this.#known = state.alive.size > 0 || state.failed.size > 0;
    const alive = context.random.shuffle(this.#read(state.alive));
    const failed = context.random.shuffle(this.#read(state.failed));
    for (const previous of [...alive, ...failed]) this.#missing.set(previous.name, previous);
    this.#untried = [...failed, ...alive];
  }

  /** Begins to contact the members of the snapshot. */
  start(now: number): void {
    if (!this.#known) return;
    this.#until = now + this.#context.config.reconnectTimeoutMs;
    this.#busy = true;
    this.#next(now);
  }

  /** Contacts one of the members that were not seen yet; more likely, the more there are. */
  again(now: number): void {
    const { random, state } = this.#context;
    const members = this.#members;
    for (const name of this.#missing.keys()) if (members.find(name) !== undefined) this.#missing.delete(name);
    // A node that left and came back has chosen a cluster to join, which need not be the old one.
    if (now > this.#until || state !== "alive") this.#missing.clear();
    if (this.#busy || this.#missing.size === 0) return;
    if (random.unit() > this.#missing.size / Math.max(1, members.countOf("alive"))) return;
    const { name, to } = [...this.#missing.values()][random.below(this.#missing.size)]!;
    log(this.#context, "INFO", `attempting reconnect to ${name} ${joinHostPort(to.host, to.port)}`);
    this.#swim.join(now, to, name, () => undefined);
  }

  #next(now: number): void {
    const alive = this.#context.state === "alive";
    const previous = alive ? this.#untried.pop() : undefined;
    if (previous === undefined) {
      this.#busy = false;
      if (alive) log(this.#context, "WARN", "Failed to re-join any previously known node");
      return;
    }
    const { name, to } = previous;
    const text = `previously known node: ${name}: ${joinHostPort(to.host, to.port)}`;
    log(this.#context, "INFO", `Attempting re-join to ${text}`);
    this.#swim.join(now, to, name, (at, error) => {
      if (error !== undefined) {
        this.#next(at);
        return;
      }
      log(this.#context, "INFO", `Re-joined to ${text}`);
      this.#untried.length = 0;
      this.#busy = false;
    });
  }

  /** Returns the members whose addresses can be dialled, without ourselves under any name. */
  #read(addresses: ReadonlyMap<string, string>): Previous[] {
    const { local } = this.#context;
    const own = joinHostPort(formatAddress(local.address), local.port);
    const read: Previous[] = [];
    for (const [name, text] of addresses) {
      const to = parseTarget(text);
      if (to === undefined || name === local.name || joinHostPort(to.host, to.port) === own) continue;
      read.push({ name, to });
    }
    return read;
  }
}

/** Parses `IP:PORT`. */
function parseTarget(text: string): Address | undefined {
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = canonicalHost(bracketed ?? bare ?? "");
  if (host === undefined || Number(port) < 1 || Number(port) > portMax) return undefined;
  return { host, port: Number(port) };
}
