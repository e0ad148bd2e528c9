/** How long the direct acks of members take. Timeouts of probes are derived from it. */

import { sameAddress } from "../../../net/address.ts";
import type { Address } from "../../../runtime.ts";
import { SwimLimits } from "../config.ts";
import type { Identity } from "../identity.ts";

/** The shortest mean round trip that is kept, as links of no length would make every ack late. */
const meanMinMs = 0.01;

/** The smoothed round trip of one member, and its mean deviation (RFC 6298, section 2), in milliseconds. */
interface RoundTrip {
  /** Where the acks came from: a member that moved is measured anew. */
  readonly endpoint: Address;
  meanMs: number;
  deviationMs: number;
}

/** The round trips of the members that were probed last, at most {@link SwimLimits.roundTrips}. */
export class RoundTrips {
  readonly #byName = new Map<string, RoundTrip>();

  /** Adds how many milliseconds a direct ack of a member took. */
  add({ name, endpoint }: Identity, ms: number): void {
    let known = this.#find(name, endpoint);
    if (known === undefined) known = { endpoint, meanMs: Math.max(ms, meanMinMs), deviationMs: ms / 2 };
    else {
      known.deviationMs += (Math.abs(known.meanMs - ms) - known.deviationMs) / 4;
      known.meanMs = Math.max(known.meanMs + (ms - known.meanMs) / 8, meanMinMs);
    }
    this.#keep(name, known);
  }

  /**
   * Returns how many milliseconds a direct ack of a member takes at most: the mean and four deviations.
   * `undefined` if none was measured, or too long ago.
   */
  longest({ name, endpoint }: Identity): number | undefined {
    const known = this.#find(name, endpoint);
    return known === undefined ? undefined : known.meanMs + 4 * known.deviationMs;
  }

  #find(name: string, endpoint: Address): RoundTrip | undefined {
    const known = this.#byName.get(name);
    return sameAddress(known?.endpoint, endpoint) ? known : undefined;
  }

  /** Puts a member behind all others, so that the first one is the one that was measured longest ago. */
  #keep(name: string, roundTrip: RoundTrip): void {
    this.#byName.delete(name);
    this.#byName.set(name, roundTrip);
    if (this.#byName.size <= SwimLimits.roundTrips) return;
    for (const first of this.#byName.keys()) {
      this.#byName.delete(first);
      return;
    }
  }
}
