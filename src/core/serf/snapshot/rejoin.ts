/**
 * Finding the cluster again after a restart (serf `handleRejoin`): members of the last life are tried one by one, at first those that were
 * alive, then those that had failed, until one answers.
 *
 * The original stops there. When a whole cluster restarts at once, each node so finds one other that knows nobody either, and islands
 * remain. So we go on, as for failed members: while members of the last life are unknown to this one, one of them is tried now and then.
 */

import { canonicalHost, formatAddress, joinHostPort, portMax } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import type { Swim } from "../../swim/swim.ts";
import type { SerfContext } from "../context.ts";
import { log } from "../context.ts";
import type { SerfMembers } from "../members/members.ts";
import type { SnapshotState } from "./format.ts";

/** What finding the cluster needs of the membership layer. */
export type Joiner = Pick<Swim, "join">;

interface Previous {
  readonly name: string;
  readonly to: Address;
}

/** One recovery, over the life of a node. */
export class Rejoin {
  readonly #context: SerfContext;
  readonly #members: SerfMembers;
  readonly #swim: Joiner;
  /** Members still to be tried at the start, the next one last. */
  readonly #untried: Previous[];
  /** Members of the last life that this one has not seen. */
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

  /** Begins. */
  start(now: number): void {
    if (!this.#known) return;
    this.#until = now + this.#context.config.reconnectTimeoutMs;
    this.#busy = true;
    this.#next(now);
  }

  /** Time to look for one of those that are missing: the more are, the more often. */
  again(now: number): void {
    const { random, state } = this.#context;
    const members = this.#members;
    for (const name of this.#missing.keys()) if (members.find(name) !== undefined) this.#missing.delete(name);
    // Who leaves and comes back chose anew which cluster to join.
    if (now > this.#until || state !== "alive") this.#missing.clear();
    if (this.#busy || this.#missing.size === 0) return;
    if (random.unit() > this.#missing.size / Math.max(1, members.withStatus("alive").length)) return;
    const { name, to } = [...this.#missing.values()][random.below(this.#missing.size)]!;
    log(this.#context, "INFO", `attempting reconnect to ${name} ${joinHostPort(to.host, to.port)}`);
    this.#swim.join(now, to, name, () => undefined);
  }

  #next(now: number): void {
    const staying = this.#context.state === "alive";
    const previous = staying ? this.#untried.pop() : undefined;
    if (previous === undefined) {
      this.#busy = false;
      if (staying) log(this.#context, "WARN", "Failed to re-join any previously known node");
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

  /** Members at addresses that can be dialled, ourselves left out under whatever name. */
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

/** Reads `IP:PORT`. */
function parseTarget(text: string): Address | undefined {
  const [, bracketed, bare, port] = /^(?:\[([^\]]*)\]|([^:]*)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = canonicalHost(bracketed ?? bare ?? "");
  if (host === undefined || Number(port) < 1 || Number(port) > portMax) return undefined;
  return { host, port: Number(port) };
}
