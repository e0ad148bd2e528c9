/**
 * The only file with logarithms. Engines may differ in the last bit of `Math.log`; every function here rounds to an integer,
 * and the rounded values agree, so one seed replays on every runtime.
 */

/** ceil(log10(count + 1)): the factor by which transmissions and timeouts grow with the cluster. */
export function ceilLog10(count: number): number {
  let power = 1;
  let exponent = 0;
  while (power < count + 1) {
    power *= 10;
    exponent += 1;
  }
  return exponent;
}

/** trunc(1000 * max(1, log10(max(1, count)))): the suspicion node scale in thousandths (memberlist `suspicionTimeout`). */
export function nodeScaleThousandths(count: number): number {
  return Math.trunc(1000 * Math.max(1, Math.log10(Math.max(1, count))));
}

/** ceil(log2(count) - log2(32)) + 1 above 32 nodes, else 1: the push/pull interval multiplier (memberlist `pushPullScale`). */
export function pushPullScale(count: number): number {
  let scale = 1;
  for (let threshold = 32; count > threshold; threshold *= 2) scale += 1;
  return scale;
}

/**
 * floor(1000 * (max - ln(confirmations + 1) / ln(expected + 1) * (max - min))), in milliseconds with `min` and `max` in
 * milliseconds: the Lifeguard suspicion timeout (Dadgar et al. 2018, section IV-B; memberlist `remainingSuspicionTime`).
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
