/**
 * Finding the cluster again after a restart (serf `handleRejoin`): members of the last life are tried one by one, at first those that were
 * alive, then those that had failed, until one answers.
 *
 * The original stops there. When a whole cluster restarts at once, each node so finds one other that knows nobody either, and islands
 * remain. So we go on, as for failed members: while members of the last life are unknown to this one, one of them is tried now and then.
 */

import { canonicalHost, joinHostPort, portMax } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import type { Outbox } from "../../effects.ts";
import type { Random } from "../../random.ts";
import type { SerfEvent } from "../api.ts";
import type { SerfMembers } from "../members/members.ts";
import type { SnapshotState } from "./format.ts";

/** What {@link Rejoin} works with. */
export interface RejoinParts {
  readonly outbox: Outbox<SerfEvent>;
  readonly random: Random;
  readonly members: SerfMembers;
  /** Our own name and address, which are no way to the cluster. */
  readonly name: string;
  readonly address: Address;
  /** Members of the last life that are not found in this time are given up. */
  readonly giveUpMs: number;
  /** Whether this node has no wish to leave. */
  readonly staying: () => boolean;
  /** Exchanges state with an address; `done` has a text when that failed. */
  readonly join: (
    now: number,
    to: Address,
    name: string,
    done: (now: number, error: string | null) => void,
  ) => void;
}

interface Previous {
  readonly name: string;
  readonly to: Address;
}

/** One recovery, over the life of a node. */
export class Rejoin {
  readonly #parts: RejoinParts;
  /** Members still to be tried at the start, the next one last. */
  readonly #untried: Previous[];
  /** Members of the last life that this one has not seen. */
  readonly #missing = new Map<string, Previous>();
  readonly #known: boolean;
  #busy = false;
  #until = Number.POSITIVE_INFINITY;

  constructor(parts: RejoinParts, state: SnapshotState) {
    this.#parts = parts;
    this.#known = state.alive.size > 0 || state.failed.size > 0;
    const alive = parts.random.shuffle(this.#read(state.alive));
    const failed = parts.random.shuffle(this.#read(state.failed));
    for (const previous of [...alive, ...failed]) this.#missing.set(previous.name, previous);
    this.#untried = [...failed, ...alive];
  }

  /** Begins. */
  start(now: number): void {
    if (!this.#known) return;
    this.#until = now + this.#parts.giveUpMs;
    this.#busy = true;
    this.#next(now);
  }

  /** Time to look for one of those that are missing: the more are, the more often. */
  again(now: number): void {
    const { members, random, outbox, staying, join } = this.#parts;
    for (const name of this.#missing.keys()) if (members.find(name) !== undefined) this.#missing.delete(name);
    // Who leaves and comes back chose anew which cluster to join.
    if (now > this.#until || !staying()) this.#missing.clear();
    if (this.#busy || this.#missing.size === 0) return;
    if (random.unit() > this.#missing.size / Math.max(1, members.withStatus("alive").length)) return;
    const { name, to } = [...this.#missing.values()][random.below(this.#missing.size)]!;
    outbox.log("INFO", "serf", `attempting reconnect to ${name} ${joinHostPort(to.host, to.port)}`);
    join(now, to, name, () => undefined);
  }

  #next(now: number): void {
    const { outbox, staying, join } = this.#parts;
    const previous = staying() ? this.#untried.pop() : undefined;
    if (previous === undefined) {
      this.#busy = false;
      if (staying()) outbox.log("WARN", "serf", "Failed to re-join any previously known node");
      return;
    }
    const { name, to } = previous;
    const text = `previously known node: ${name}: ${joinHostPort(to.host, to.port)}`;
    outbox.log("INFO", "serf", `Attempting re-join to ${text}`);
    join(now, to, name, (at, error) => {
      if (error !== null) {
        this.#next(at);
        return;
      }
      outbox.log("INFO", "serf", `Re-joined to ${text}`);
      this.#untried.length = 0;
      this.#busy = false;
    });
  }

  /** Members at addresses that can be dialled, ourselves left out under whatever name. */
  #read(addresses: ReadonlyMap<string, string>): Previous[] {
    const { name: self, address } = this.#parts;
    const read: Previous[] = [];
    for (const [name, text] of addresses) {
      const to = parseTarget(text);
      if (to === undefined || name === self || (to.host === address.host && to.port === address.port))
        continue;
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
