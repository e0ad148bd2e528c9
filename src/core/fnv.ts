/** The hash FNV-1a, 32 bits: fast, for tables and for comparing histories; not for secrets. */

/** The hash of nothing. */
export const fnvBasis = 0x811c9dc5;

/** Returns the hash with one more number: a byte, or a UTF-16 unit of text. It is signed. */
export function fnv(hash: number, next: number): number {
  return Math.imul(hash ^ next, 0x01000193);
}
