/**
 * Members that lie: they have the key and are members like others, and send what no member would send
 * as well, about members that run, that are gone, and that never were.
 */

import type { SerfOptions } from "../../../src/shell/options/options.ts";
import type { CoreNode } from "../cores/node.ts";
import type { CoreWorld } from "../cores/world.ts";
import { SeededRandom } from "../random.ts";
import { accusations, Forger, lamportTimes, type Poison, poisons, state, type Victim } from "./poison.ts";
import type { Step } from "./scenario.ts";

/** How often somebody lies. */
const lieMs = 400;

/**
 * How far ahead of a clock the times of lies are. They leave the clocks so low that the first of the
 * impossible times stays impossible for all: whoever misses a leap of 2^32 is left behind.
 */
const leaps = [0n, 1n, 100n] as const;

/** How far ahead of the known incarnation those of lies are. */
const rises = [0, 0, 1, 2, 1_000, 1_000_000, 2 ** 31 - 1] as const;

/** The members of one world that lie. */
export class Liars {
  readonly #world: CoreWorld;
  readonly #forger: Forger;

  /** `options` are those of the members. */
  constructor(world: CoreWorld, options: SerfOptions) {
    this.#world = world;
    this.#forger = new Forger(options);
  }

  /** Lets a node lie from now on until a step is over, as long as it runs and `goesOn`. */
  begin(liar: CoreNode, { value, forMs }: Step, goesOn: () => boolean): void {
    const world = this.#world;
    const random = new SeededRandom(value!, "lies");
    const { starts } = liar;
    // A name that nobody ever has.
    const nobody = world.succeed(liar);
    const end = world.now + forMs!;
    const lie = (): void => {
      if (!liar.running || liar.starts !== starts || !goesOn()) return;
      const others = world.nodes.filter((node) => node.running && node !== liar);
      const to = others[random.below(Math.max(1, others.length))];
      const about = random.chance(0.1) ? nobody : world.nodes[random.below(world.nodes.length)]!;
      if (to !== undefined) world.inject(liar, to, this.#draw(random, liar, about));
      if (world.now + lieMs < end) world.at(lieMs, lie);
    };
    world.at(0, lie);
  }

  #draw(random: SeededRandom, liar: CoreNode, about: CoreNode): Poison {
    const inspection = liar.core.inspect();
    const { clocks } = inspection;
    const forger = this.#forger;
    const [, ...bytes] = about.address.host.split(".");
    const address = Uint8Array.of(10, ...bytes.map(Number));
    const victim: Victim = { name: about.name, address, port: about.address.port };
    const clock = [clocks.members, clocks.events, clocks.queries][random.below(3)]!;
    const time = clock.time + leaps[random.below(leaps.length)]!;
    const incarnation = Math.min(
      2 ** 31 - 1,
      (inspection.node(about.name)?.incarnation ?? 0) + rises[random.below(rises.length)]!,
    );
    const kinds = [
      () => accusations(victim, incarnation, forger),
      () => lamportTimes(victim, time, forger),
      () => [state(victim, { time, incarnation }, forger)],
      () => poisons(victim, forger),
    ] as const;
    const all = kinds[random.below(kinds.length)]!();
    const { packets = [], ...poison } = all[random.below(all.length)]!;
    // On a slow line more would keep arriving for minutes after its sender has ended.
    return { ...poison, packets: packets.filter(({ length }) => length <= 1_400).slice(0, 3) };
  }
}
