/**
 * The version of this package, in one place; `package.json` carries the same text.
 */

/** Version of tserf. */
export const packageVersion = "0.1.0" as const;

/** Newest Serf protocol an agent speaks. */
export const protocolMax = 5 as const;

/** Oldest Serf protocol an agent speaks. */
export const protocolMin = 2 as const;
