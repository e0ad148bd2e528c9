/**
 * Who runs on which machine: nodes with new names take over the address of those before them, and so
 * do nodes of other clusters, which also run on machines of their own.
 */

import type { SerfOptions } from "../../../src/shell/options/options.ts";
import type { Checkers } from "../checkers/checkers.ts";
import { foreignEvent } from "../checkers/foreigners.ts";
import { joinUntilDone } from "../cores/formation.ts";
import { type CoreNode, nameOf } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import type { Step } from "./scenario.ts";

const strangersKey = "N5mwi4LVRHLq2vVz9a4YbA==";
const strangersLabel = "strangers";

/** How many nodes another cluster has, and how often it sends an event. */
const foreignSize = 2;
const foreignEventMs = 1_000;

/** The machines of one world, by the numbers that steps have. */
export class Machines {
  readonly #world: CoreWorld;
  readonly #options: SerfOptions;
  readonly #checkers: Checkers;
  /** The member that a machine had last. */
  readonly #members: CoreNode[];
  /** Nodes of other clusters, by the step that they came with. */
  readonly #strangers = new Map<Step, readonly CoreNode[]>();
  /** The first number that no machine has. */
  #next: number;

  /** `options` are those of the members. */
  constructor(world: CoreWorld, options: SerfOptions, checkers: Checkers) {
    this.#world = world;
    this.#options = options;
    this.#checkers = checkers;
    this.#members = [...world.nodes];
    this.#next = world.nodes.length;
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
    return [...this.#strangers.values()].some(([stranger]) => stranger!.machine === machine);
  }

  /** Ends the member of a machine, and returns one with a new name that can start there. */
  succeed(machine: number): CoreNode {
    this.#end(machine);
    const next = this.#world.succeed(this.member(machine));
    this.#members[machine] = next;
    return next;
  }

  /**
   * Ends the member of a machine, which gets another address, and returns the member there. It can be an
   * address that another machine had before, if there is one.
   */
  move(machine: number, reuses: boolean): CoreNode {
    this.#end(machine);
    const moved = this.#world.move(this.member(machine), reuses);
    this.#members[machine] = moved;
    return moved;
  }

  /**
   * Ends the member of a machine, and lets a node of another cluster have its address. It takes the
   * members for its own cluster and tries to join them.
   */
  intrude(step: Step): void {
    const machine = step.node!;
    this.#end(machine);
    const stranger = this.#world.stranger(this.member(machine), strangersOptions(this.#options, step.value!));
    this.#begin(step, [stranger]);
    joinUntilDone(this.#world, stranger, () => this.#members.find(({ running }) => running) ?? stranger);
  }

  /**
   * Starts another cluster on machines of its own, of a kind, whose nodes have the names of the first
   * members. It sends events, and one of it tries to join the machine of the step. Returns that one.
   */
  settle(step: Step, kind: number): CoreNode {
    const world = this.#world;
    const options = strangersOptions(this.#options, kind);
    const nodes = Array.from({ length: foreignSize }, (_, index) =>
      world.stranger({ machine: this.#next + index }, options, nameOf(index)),
    );
    this.#next += foreignSize;
    this.#begin(step, nodes);
    const [first, second] = nodes as [CoreNode, CoreNode];
    joinUntilDone(world, second, () => first);
    joinUntilDone(world, first, () => this.member(step.node!));
    const speak = (): void => {
      if (!second.running) return;
      world.command(second, (core, now) => core.userEvent(now, foreignEvent, new Uint8Array(0), false));
      world.at(foreignEventMs, speak);
    };
    speak();
    return first;
  }

  /** Ends what {@link intrude} or {@link settle} began. */
  retreat(step: Step): void {
    for (const stranger of this.#strangers.get(step) ?? []) {
      this.#checkers.met(this.#world.now, stranger);
      this.#world.crash(stranger);
    }
    this.#strangers.delete(step);
  }

  #begin(step: Step, strangers: readonly CoreNode[]): void {
    this.#strangers.set(step, strangers);
    for (const stranger of strangers) {
      this.#checkers.came(stranger);
      this.#world.start(stranger);
    }
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
