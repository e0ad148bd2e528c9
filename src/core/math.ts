/**
 * The only file with logarithms. JavaScript engines may differ in the last bit of `Math.log`, so
 * every function here rounds to an integer; the rounded values agree, and one seed replays the same
 * history on every runtime.
 */

/**
 * Returns ceil(log10(count + 1)), the factor by which transmissions and timeouts grow with the
 * cluster (memberlist `retransmitLimit`).
 */
export function ceilLog10(count: number): number {
  let power = 1;
  let exponent = 0;
  while (power < count + 1) {
    power *= 10;
    exponent += 1;
  }
  return exponent;
}

/**
 * Returns trunc(1000 * max(1, log10(max(1, count)))), the node scale of suspicion in thousandths
 * (memberlist `suspicionTimeout`).
 */
export function nodeScaleThousandths(count: number): number {
  return Math.trunc(1000 * Math.max(1, Math.log10(Math.max(1, count))));
}

/**
 * Returns the multiplier of the push/pull interval: ceil(log2(count) - log2(32)) + 1 above 32
 * nodes, else 1 (memberlist `pushPullScale`).
 */
export function pushPullScale(count: number): number {
  let scale = 1;
  for (let threshold = 32; count > threshold; threshold *= 2) scale += 1;
  return scale;
}

/**
 * Returns how long a suspicion lasts, in milliseconds: floor(1000 * (max - ln(confirmations + 1) /
 * ln(expected + 1) * (max - min))) with `max` and `min` in seconds (Lifeguard: Dadgar et al. 2018,
 * section IV-B; memberlist `remainingSuspicionTime`).
 */
export function suspicionTotalMs(
  confirmations: number,
  expected: number,
  minMs: number,
  maxMs: number,
): number {
  const max = maxMs / 1000;
  const min = minMs / 1000;
  const fraction = Math.log(confirmations + 1) / Math.log(expected + 1);
  return Math.floor(1000 * (max - fraction * (max - min)));
}

/**
 * Returns how long gossip takes to reach a share of a cluster, in thousandths of a round, rounded:
 * the r of `share` = 1 / (1 + (count + 1) e^(-growth r)), the logistic curve of an infection.
 */
export function infectionThousandths(count: number, share: number, growth: number): number {
  return Math.round((1000 * Math.log(((count + 1) * share) / (1 - share))) / growth);
}
