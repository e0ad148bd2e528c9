/**
 * Rules that a node can go without: simulations switch them off, to compare what each of them is
 * worth, or to have peers that behave as memberlist does. All of them are decisions of one node, so
 * nodes with different rules get along.
 */

/** Which rules a node follows. */
export interface Rules {
  /** A probe of a suspect carries the suspicion (Lifeguard, section IV-C). memberlist has it. */
  readonly buddy: boolean;
  /** Helpers report that they got no ack (Lifeguard, section IV-A). memberlist has it. */
  readonly nacks: boolean;
  /** Each node tells its two neighbours on a ring of hashed names all that it learns. */
  readonly ring: boolean;
  /** In clusters of up to nine, broadcasts are sent once for every other member. */
  readonly smallClusters: boolean;
  /** The loops start at a random phase, so that nodes that start together are not in step. */
  readonly randomPhases: boolean;
  /** A node that stood still blames nobody for what it did not receive meanwhile. */
  readonly stalls: boolean;
}

/** The rules of a node in earnest. */
export const allRules: Rules = {
  buddy: true,
  nacks: true,
  ring: true,
  smallClusters: true,
  randomPhases: true,
  stalls: true,
};

/** The rules that memberlist has too. */
export const rulesOfMemberlist: Rules = {
  buddy: true,
  nacks: true,
  ring: false,
  smallClusters: false,
  randomPhases: false,
  stalls: false,
};
