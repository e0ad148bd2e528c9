/**
 * Measurements of a node's work, under the names that memberlist and Serf give to go-metrics, so
 * that dashboards made for Serf go on working. The core hands them out at once and never reads
 * them: no decision depends on them.
 */

/**
 * Receives measurements, in the manner of HashiCorp's go-metrics. Names are dotted:
 * `memberlist.udp.received`, `serf.member.join`. `serf.events.NAME` and `serf.queries.NAME` end in
 * a name that any member of the cluster may choose, so an implementation that keeps something for
 * each name must bound their number. The methods are called synchronously, often and in the middle
 * of the work; they must be quick and must not throw.
 */
export interface Metrics {
  /** Adds `value` to a counter: the bytes of a datagram, or 1 for something that happened. */
  incr(name: string, value: number): void;
  /**
   * Records one value of a distribution: a duration in milliseconds, the bytes of a message, the
   * length of a queue.
   */
  sample(name: string, value: number): void;
  /** Sets the current value of something. */
  gauge(name: string, value: number): void;
}

/**
 * Metrics with a clock that measures how long the core's own work takes. The time that is passed to
 * the core cannot: it stands still during a call.
 */
export interface Meter extends Metrics {
  /** Returns milliseconds, with fractions, of a clock that never runs backwards. */
  now(): number;
}
