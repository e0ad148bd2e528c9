/**
 * Who runs on which machine: nodes with new names take over the address of those before them, and so
 * do nodes of other clusters.
 */

import type { SerfOptions } from "../../../src/shell/options/options.ts";
import { joinUntilDone } from "../cores/formation.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import type { Step } from "./scenario.ts";

const strangersKey = "N5mwi4LVRHLq2vVz9a4YbA==";
const strangersLabel = "strangers";

/** The machines of one world, by the numbers that steps have. */
export class Machines {
  readonly #world: CoreWorld;
  readonly #options: SerfOptions;
  /** The member that a machine had last. */
  readonly #members: CoreNode[];
  readonly #strangers = new Map<Step, CoreNode>();

  /** `options` are those of the members. */
  constructor(world: CoreWorld, options: SerfOptions) {
    this.#world = world;
    this.#options = options;
    this.#members = [...world.nodes];
  }

  /** The members that the machines had last, in order. */
  get members(): readonly CoreNode[] {
    return this.#members;
  }

  /** Returns the member that a machine had last. */
  member(machine: number): CoreNode {
    return this.#members[machine]!;
  }

  /** Returns whether a machine has a node of another cluster now. */
  isTaken(machine: number): boolean {
    return [...this.#strangers.values()].some((stranger) => stranger.machine === machine);
  }

  /** Ends the member of a machine, and returns one with a new name that can start there. */
  succeed(machine: number): CoreNode {
    this.#end(machine);
    const next = this.#world.succeed(this.member(machine));
    this.#members[machine] = next;
    return next;
  }

  /**
   * Ends the member of a machine, and lets a node of another cluster have its address. It takes the
   * members for its own cluster and tries to join them.
   */
  intrude(step: Step): void {
    const machine = step.node!;
    this.#end(machine);
    const stranger = this.#world.stranger(this.member(machine), strangersOptions(this.#options, step.value!));
    this.#strangers.set(step, stranger);
    this.#world.start(stranger);
    joinUntilDone(this.#world, stranger, () => this.#members.find(({ running }) => running) ?? stranger);
  }

  /** Ends what {@link intrude} began. */
  retreat(step: Step): void {
    const stranger = this.#strangers.get(step);
    if (stranger === undefined) return;
    this.#strangers.delete(step);
    this.#world.crash(stranger);
  }

  #end(machine: number): void {
    const member = this.member(machine);
    if (member.running) this.#world.crash(member);
  }
}

/** Returns the options of another cluster: it has another key, another label, or no key. */
function strangersOptions(options: SerfOptions, kind: number): SerfOptions {
  const { encryptKey: _, ...open } = options;
  if (kind === 0) return { ...open, encryptKey: strangersKey };
  if (kind === 1) return { ...options, label: strangersLabel };
  // Without a key, only a label keeps two clusters without a key apart.
  return options.encryptKey === undefined ? { ...open, label: `other ${strangersLabel}` } : open;
}
