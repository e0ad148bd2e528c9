/**
 * Checks of our own reasoning. A failure is a bug in this program, never something a peer or caller can cause.
 */

/** Throws when `condition` does not hold. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${what}`);
}

/** Marks the end of an exhaustive `switch`. */
export function unreachable(value: never): never {
  throw new Error(`Assertion failed: unreachable value ${JSON.stringify(value)}`);
}
