/** How nodes become members: they join as an operator would let them, again and again until it succeeds. */

import type { Truth } from "../checkers/truth.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import { islands } from "./islands.ts";
import type { Lookups } from "./lookups.ts";
import type { Machines } from "./machines.ts";

/** After this long a join that failed is tried again. */
export const joinAgainMs = 3_000;

/** Nodes that lost each other, and may refuse each other, are joined this often. */
const reuniteMs = 20_000;

/** What {@link Joins} works with. */
interface Place {
  readonly world: CoreWorld;
  readonly truth: Truth;
  readonly machines: Machines;
  readonly lookups: Lookups;
}

/** The joins of one world. */
export class Joins {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Joins through a node, as long as that is a member, else through some node that runs; again and
   * again until it succeeds.
   */
  join(node: CoreNode, to?: CoreNode): void {
    if (to !== undefined && !to.isMember) return;
    const { world, truth } = this.#place;
    const { starts } = node;
    const again = (): void =>
      world.at(joinAgainMs, () => {
        if (node.running && node.starts === starts && node.core.state !== "leaving") this.join(node, to);
      });
    const through = this.#contact(node, to);
    if (through === undefined || node.core.joinRefusal !== undefined) {
      again();
      return;
    }
    world.join(node, through, (error) => {
      if (error === undefined) truth.joined(world.now, node.index);
      else again();
    });
  }

  /** Returns where a node joins: where a lie leads it, at a node that it names, or at one that runs. */
  #contact(node: CoreNode, to: CoreNode | undefined): ReturnType<Lookups["find"]> {
    const { world, lookups } = this.#place;
    const others = world.nodes.filter((other) => other !== node && other.running);
    const members = others.filter(({ core }) => core.state === "alive");
    // Who joined at a wrong address may be alone. If all have left, one that runs still serves to come back.
    const known = members.find(({ machine }) => !lookups.isMisled(machine)) ?? members[0];
    return lookups.find(node.machine) ?? to ?? known ?? others[0];
  }

  /** Joins groups that lost each other, as an operator does: again while some remember old addresses. */
  reunite(remembersAddresses: boolean): void {
    const { world, machines } = this.#place;
    const [[first] = [], ...others] = islands(machines.members.filter(({ isMember }) => isMember));
    for (const [node] of others) this.join(node!, first);
    if (others.length > 0 && remembersAddresses) world.at(reuniteMs, () => this.reunite(true));
  }

  /**
   * Joins through all members, as an operator does whose nodes joined at wrong addresses: who was
   * misled, or those that joined through it, may be apart from the others and know nothing of them.
   */
  unite(misled: CoreNode): void {
    const members = this.#place.machines.members.filter(({ isMember }) => isMember);
    const node = misled.isMember ? misled : members[0];
    for (const other of members) if (other !== node) this.join(node!, other);
  }
}
