/**
 * Measurements of a node's work, under the names of the original (memberlist and serf count through go-metrics), so that dashboards
 * made for it go on working. They leave the core at once and change nothing in it: no decision ever depends on them.
 */

/**
 * Takes measurements. Names are dotted: `memberlist.udp.received`, `serf.member.join`. Those of `serf.events.NAME` and
 * `serf.queries.NAME` end in a name that any member of the cluster may choose: a sink that keeps something for each name bounds them.
 * Called synchronously, often and in the middle of the work, so it must be quick and must not throw.
 */
export interface Metrics {
  /** Adds to a counter: bytes of a datagram, or 1 for something that happened. */
  incr(name: string, value: number): void;
  /** One value of a distribution: a duration in milliseconds, bytes of a message, the length of a queue. */
  sample(name: string, value: number): void;
  /** What something is now. */
  gauge(name: string, value: number): void;
}

/** Metrics with a clock to time the core's own work with: between two calls into the core its time stands still. */
export interface Meter extends Metrics {
  /** Milliseconds, with fractions, of a clock that never runs backwards. */
  now(): number;
}
