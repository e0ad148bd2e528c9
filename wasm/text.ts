/**
 * Bytes as text: one character for most of them. A page is 90 numbers, which are the characters from `#` to `|`. Those of the second and
 * third page have `}` or `~` before them. The first page begins with the byte 251, because those from there to 84 are over four fifths of a
 * module. `src/core/wire/text.ts` reads it.
 */

/** The first character, which is behind the quotation mark. */
const first = 35;
const pageSize = 90;
/** How much is added to a byte, modulo 256. */
const shift = 5;

/** Returns the text for some bytes, in ASCII. */
export function textOf(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) {
    const number = (byte + shift) % 256;
    const page = Math.floor(number / pageSize);
    if (page > 0) codes.push(first + pageSize - 1 + page);
    codes.push(first + (number % pageSize));
  }
  return codes.map((code) => String.fromCharCode(code)).join("");
}
