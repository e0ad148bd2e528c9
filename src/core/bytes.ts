/**
 * Conversions between bytes and text.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** An empty byte string, shared. */
export const noBytes: Uint8Array = new Uint8Array();

/** Returns text as UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Returns UTF-8 as text; malformed bytes become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Returns the length of text as UTF-8. */
export function utf8Length(text: string): number {
  // Nearly all text is ASCII, for which looking at it is much faster than the encoder.
  return /^[ -~]*$/.test(text) ? text.length : encoder.encode(text).length;
}

/**
 * Returns whether two byte strings are equal. Not for secrets: the time it takes depends on where
 * they differ.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
