/** The nodes of a world, and who has which address: nodes may follow each other at one. */

import { OwnIdentities } from "../../../src/core/swim/identity.ts";
import type { Address } from "../../../src/runtime.ts";
import type { SerfOptions } from "../../../src/shell/options/options.ts";
import { SharedIdentities } from "./identities.ts";
import { WorldNames } from "./names.ts";
import { CoreNode, type CoreNodeOptions, hostOf, nameOf } from "./node.ts";
import { createCodecs } from "./path.ts";

/** What all members have in common. */
export interface Common
  extends Pick<CoreNodeOptions, "seed" | "options" | "snapshot" | "logs" | "codecs" | "clock"> {
  /** Returns settings of the membership layer for the nodes on a machine. */
  readonly swim: ((machine: number) => CoreNodeOptions["swim"]) | undefined;
}

/** Bytes that no core made. */
export interface Injection {
  readonly packets?: readonly Uint8Array[];
  readonly stream?: Uint8Array;
}

/** Machines have lower numbers in their first addresses. */
const firstLease = 1 << 23;

/** All nodes of one world. */
export class Roster {
  /** The members by their number. */
  readonly members: CoreNode[];
  readonly #common: Common;
  readonly #identities: SharedIdentities;
  readonly #names: WorldNames;
  /** The node that was last started at an address, by the host of that. */
  readonly #holders: Map<string, CoreNode>;
  /** The addresses of machines that have another one than at first. */
  readonly #leases = new Map<number, string>();
  /** Addresses that machines had before, and nobody has. */
  readonly #free: string[] = [];
  #strangers = 0;
  #lastLease = firstLease;

  constructor(size: number, common: Common) {
    this.#common = common;
    this.#identities = new SharedIdentities(2 * size);
    this.#names = new WorldNames(Array.from({ length: size }, (_, index) => nameOf(index)));
    this.members = Array.from({ length: size }, (_, index) => this.#create(index, index));
    this.#holders = new Map(this.members.map((node) => [node.address.host, node]));
  }

  /** Returns the node that has an address now. */
  find({ host }: Address): CoreNode | undefined {
    return this.#holders.get(host);
  }

  /** Gives a node its address. Throws an Error if a node that runs has it. */
  hold(node: CoreNode): void {
    if (this.find(node.address)?.running) throw new Error(`Cannot start ${node.name}: its address is in use`);
    this.#holders.set(node.address.host, node);
  }

  /** Adds a member with a name of its own on a machine. */
  succeed(machine: number): CoreNode {
    const node = this.#create(this.members.length, machine);
    this.members.push(node);
    return node;
  }

  /**
   * Gives the machine of a member another address: a fresh one, or, if there is one, that which another
   * machine had before. Returns the member there. Throws an Error if it still runs.
   */
  move(node: CoreNode, reuses: boolean): CoreNode {
    const { index, machine, address, name } = node;
    if (node.running) throw new Error(`Cannot move ${name}: it runs`);
    const host = (reuses ? this.#free.shift() : undefined) ?? hostOf(++this.#lastLease);
    this.#leases.set(machine, host);
    this.#free.push(address.host);
    if (this.find(address)?.running !== true) this.#holders.delete(address.host);
    const moved = this.#create(index, machine, node);
    this.members[index] = moved;
    return moved;
  }

  /** Creates a node of another cluster on a machine. Its name may be that of a member. */
  stranger(machine: number, options: SerfOptions, own?: string): CoreNode {
    const { seed, clock } = this.#common;
    this.#strangers += 1;
    const name = own ?? `stranger${this.#strangers}`;
    return new CoreNode({
      index: machine,
      machine,
      host: this.#hostOf(machine),
      name,
      // Chance depends on the name as well, and a member with this name has another one.
      seed: own === undefined ? seed : seed + machine,
      options,
      snapshot: false,
      logs: false,
      codecs: createCodecs(seed, options, undefined),
      identities: new OwnIdentities(),
      names: new WorldNames([]),
      clock,
    });
  }

  /** Returns whether a node belongs to the cluster. */
  isMember({ codecs }: CoreNode): boolean {
    return codecs === this.#common.codecs;
  }

  #hostOf(machine: number): string {
    return this.#leases.get(machine) ?? hostOf(machine);
  }

  #create(index: number, machine: number, before?: CoreNode): CoreNode {
    const { swim, ...common } = this.#common;
    return new CoreNode({
      ...common,
      index,
      machine,
      host: this.#hostOf(machine),
      before,
      name: nameOf(index),
      swim: swim?.(machine),
      identities: this.#identities,
      names: this.#names,
    });
  }
}

/** Returns bytes as a node receives them: those of another cluster have to be real. */
export function bytesFor(to: CoreNode, from: CoreNode, bytes: Uint8Array): Uint8Array {
  return to.codecs === from.codecs ? bytes : from.codecs.bytesOf(bytes);
}
