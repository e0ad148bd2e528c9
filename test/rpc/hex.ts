/** Bytes between hexadecimal text and arrays. */

/** Reads pairs of hexadecimal digits. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.trim().match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Writes pairs of hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
