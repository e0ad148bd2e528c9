/**
 * Checks of our own assumptions. A failed one is a bug in this program, never something that a peer
 * or a caller can cause.
 */

/** Throws an Error unless `condition` holds. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${what}`);
}

/**
 * Throws an Error. It is the default case of a `switch` that handles every case: if one is missing,
 * the call does not compile.
 */
export function unreachable(value: never): never {
  throw new Error(`Assertion failed: unreachable value ${JSON.stringify(value)}`);
}
