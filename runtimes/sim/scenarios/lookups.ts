/**
 * What nodes find when they look up the address to join: that of a member, or for a while a wrong
 * one, as from a DNS with an old record, a wildcard, or the records of another cluster.
 */

import { type Located, port } from "../cores/node.ts";
import type { Machines } from "./machines.ts";
import type { Step } from "./scenario.ts";

/** What a wrong address is, by the `value` of a step; further ones are of other clusters. */
const wrong = { nobody: 0, itself: 1, anotherMember: 2 } as const;

/** The kinds of wrong addresses; the last three are clusters with another key or label, or no key. */
export const wrongAddresses = 6;

/** A lie that goes on. */
interface Lie {
  readonly to: Located;
  /** How often somebody has joined there. */
  joins: number;
}

/** The lookups of one world. */
export class Lookups {
  readonly #machines: Machines;
  readonly #lies = new Map<Step, Lie>();

  constructor(machines: Machines) {
    this.#machines = machines;
  }

  /** Begins to lie to a machine. Another cluster runs as long as the lie goes on. */
  begin(step: Step): void {
    this.#lies.set(step, { to: this.#wrongAddress(step), joins: 0 });
  }

  /** Ends a lie. Returns whether anybody has joined at the wrong address. */
  end(step: Step): boolean {
    const joins = this.#lies.get(step)?.joins ?? 0;
    this.#lies.delete(step);
    this.#machines.retreat(step);
    return joins > 0;
  }

  /** Returns where a machine joins if somebody lies to it, else `undefined`. */
  find(machine: number): Located | undefined {
    for (const [{ node }, lie] of this.#lies) {
      if (node !== machine) continue;
      lie.joins += 1;
      return lie.to;
    }
    return undefined;
  }

  /** Returns whether somebody lies to a machine. */
  isMisled(machine: number): boolean {
    return [...this.#lies.keys()].some(({ node }) => node === machine);
  }

  #wrongAddress(step: Step): Located {
    const value = step.value!;
    switch (value) {
      case wrong.nobody:
        return { address: { host: "10.255.255.254", port } };
      case wrong.itself:
        return this.#machines.member(step.node!);
      case wrong.anotherMember:
        return this.#machines.member(step.other!);
      default:
        return this.#machines.settle(step, value - wrong.anotherMember - 1);
    }
  }
}
