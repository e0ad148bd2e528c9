/**
 * How long things may take in a cluster, in closed form from its settings and its size, and how much
 * a node may do at once. The checkers measure histories against these.
 */

import { ceilLog10, nodeScaleThousandths, pushPullScale } from "../../../src/core/math.ts";
import type { SerfConfig } from "../../../src/core/serf/config.ts";
import type { SwimConfig } from "../../../src/core/swim/config.ts";
import { parseOptions, type SerfOptions } from "../../../src/shell/options/options.ts";

/** What a packet may take on its way in a calm network, there and back, in milliseconds. */
const roundTripMs = 500;

/** Of so many tries of something random that succeeds half the time, one succeeds. */
const triesMax = 20;

/** Bounds for one cluster. All times are in milliseconds. */
export class Bounds {
  readonly swim: Omit<SwimConfig, "address" | "port" | "bindPort">;
  readonly serf: SerfConfig;
  readonly #size: number;

  /** `size` counts the nodes that ever take part. */
  constructor(size: number, options: SerfOptions) {
    const { swim, serf } = parseOptions({ ...options, name: "bounds" }, () => "bounds");
    this.swim = swim;
    this.serf = serf;
    this.#size = size;
  }

  /** The shortest suspicion: alpha * log10(n) * probe interval (Lifeguard, section IV-B). */
  get suspicionMinMs(): number {
    const { suspicionMult, probeIntervalMs } = this.swim;
    return (suspicionMult * nodeScaleThousandths(this.#size) * probeIntervalMs) / 1_000;
  }

  /** The longest suspicion: beta times the shortest. */
  get suspicionMaxMs(): number {
    return this.suspicionMinMs * this.swim.suspicionMaxTimeoutMult;
  }

  /**
   * How long a message takes until all members have it: infection spreads in O(log n) rounds (SWIM,
   * section 4.1), and each round is a gossip interval. The factor leaves room for moderate loss.
   */
  get spreadMs(): number {
    const rounds = 4 + (4 * Math.ceil(10 * ceilLog10(this.#size))) / 10;
    return 2 * rounds * this.swim.gossipIntervalMs + roundTripMs;
  }

  /** The interval of push/pulls in a cluster of this size, and the time that one takes. */
  get pushPullMs(): number {
    return this.swim.pushPullIntervalMs * pushPullScale(this.#size) + roundTripMs;
  }

  /** How long a message takes to those members that all gossip missed. */
  get reachMs(): number {
    return this.spreadMs + this.pushPullMs;
  }

  /**
   * How long it takes until all members know that one has crashed. Somebody probes it within a round
   * of n intervals, which are longer while many others are gone as well; then the suspicion runs,
   * in the worst case without any confirmation; then the message spreads.
   */
  get detectionMs(): number {
    return 2 * this.#size * this.swim.probeIntervalMs + this.suspicionMaxMs + this.reachMs;
  }

  /**
   * The same where most members are gone: whoever probes them gets no acks, takes itself for unhealthy, and
   * probes less often (Lifeguard, section IV-A).
   */
  get lonelyDetectionMs(): number {
    return this.detectionMs + 2 * this.#size * this.swim.probeIntervalMs * (this.swim.awarenessMax - 1);
  }

  /** How long after its end a fault can still be the cause of a false failure. */
  get aftermathMs(): number {
    const { awarenessMax, probeIntervalMs } = this.swim;
    return this.suspicionMaxMs + awarenessMax * probeIntervalMs + this.reachMs;
  }

  /**
   * How long after the end of all faults a cluster has to agree again: what it believes wrongly was
   * detected and refuted, and separated parts have found each other through their failed members.
   */
  get recoveryMs(): number {
    return this.detectionMs + triesMax * this.serf.reconnectIntervalMs;
  }

  /**
   * How long after its end a member is forgotten by the layer below: it is known to be dead, gets gossip
   * for a while, and one round of probes later it is dropped. Every second probe is of that round.
   */
  get forgetMs(): number {
    const { gossipToTheDeadMs, probeIntervalMs } = this.swim;
    return this.detectionMs + gossipToTheDeadMs + 4 * this.#size * probeIntervalMs;
  }

  /**
   * How long after its end a lie may be believed: a leave that nobody makes is doubted when the member
   * is probed after the time of five leaves, and then some push/pulls bring it to the member.
   */
  get correctionMs(): number {
    const { broadcastTimeoutMs, leavePropagateDelayMs } = this.serf;
    const leavesMs = 5 * (broadcastTimeoutMs + leavePropagateDelayMs);
    const probesMs = 2 * this.#size * this.swim.probeIntervalMs;
    const pushPulls = (1 + Math.ceil(Math.log2(this.#size))) * this.pushPullMs;
    return leavesMs + probesMs + pushPulls + this.aftermathMs;
  }

  /** How long it takes until the last broadcast was sent often enough, if no further one comes. */
  get drainMs(): number {
    const { retransmitMult, gossipIntervalMs } = this.swim;
    const transmits = Math.max(retransmitMult * ceilLog10(this.#size), 8);
    return this.reachMs + 4 * transmits * gossipIntervalMs;
  }

  /** The most effects of one turn: a packet, or a slice of a push/pull, has so many messages. */
  get effectsMax(): number {
    return 64 + 4 * 512;
  }

  /** The most datagrams of one turn: two neighbours, random members, helpers, relays. */
  get sendsMax(): number {
    const { gossipNodes, indirectChecks } = this.swim;
    return 2 * 4 + gossipNodes + indirectChecks + 127 * 2;
  }
}
