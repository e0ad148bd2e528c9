/** How much waits in all broadcast queues of a node, so that nobody has to ask each of them. */

/** Counts of all queues of one node. */
export class Tally {
  /** Entries that wait for anybody. */
  entries = 0;
  /** Entries times neighbours on the ring that have not been told them yet. */
  untold = 0;
}
