/** A scenario: the part of a recording that its transcript describes in words, as code. */

import type { LonelyInterface } from "../../interop/networks.ts";
import type { Place } from "../place.ts";
import type { Stage } from "../stage.ts";

/** One or more transcripts that were recorded together. */
export interface Scenario {
  readonly transcripts: readonly string[];
  /**
   * Three members and more on the profile `local`, which sends each broadcast only twice and so may
   * lose some: it has a second try.
   */
  readonly lossy?: boolean;
  /** It lists everything that listens on the machine, so it needs a machine to itself. */
  readonly alone?: boolean;
  /** An interface that it cannot do without. */
  readonly lonely?: LonelyInterface;
  /** Plays them; the stages come in the order of the names. */
  play(place: Place, ...stages: Stage[]): Promise<void>;
}

/** A scenario of one transcript. */
export function scenario(name: string, play: (stage: Stage, place: Place) => Promise<void>): Scenario {
  return { transcripts: [name], play: (place, stage) => play(stage!, place) };
}
