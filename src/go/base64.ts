/**
 * Standard base64 with padding, with Go's error text: keys on the command line and in files are written this way.
 */

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Text that is not base64; the message is Go's (`illegal base64 data at input byte 0`). */
export class Base64Error extends Error {
  constructor(offset: number) {
    super(`illegal base64 data at input byte ${offset}`);
    this.name = "Base64Error";
  }
}

/** Encodes bytes with padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let index = 0; index < bytes.length; index += 3) {
    const group = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0);
    const count = Math.min(3, bytes.length - index);
    text += base64Alphabet[(group >> 18) & 63]! + base64Alphabet[(group >> 12) & 63]!;
    text += count > 1 ? base64Alphabet[(group >> 6) & 63]! : "=";
    text += count > 2 ? base64Alphabet[group & 63]! : "=";
  }
  return text;
}

/** Decodes padded base64; line breaks are skipped. Throws {@link Base64Error}. */
export function decodeBase64(text: string): Uint8Array {
  const input = new TextEncoder().encode(text);
  const bytes: number[] = [];
  let position = 0;
  const next = (): number => {
    while (input[position] === 0x0a || input[position] === 0x0d) position += 1;
    return position < input.length ? input[position++]! : -1;
  };
  for (;;) {
    const group: number[] = [];
    for (let index = 0; index < 4; index++) {
      const character = next();
      if (character < 0) {
        if (index === 0) return Uint8Array.from(bytes);
        throw new Base64Error(position - index);
      }
      const value = base64Alphabet.indexOf(String.fromCharCode(character));
      if (value >= 0) {
        group.push(value);
        continue;
      }
      if (character !== 0x3d || index < 2) throw new Base64Error(position - 1);
      if (index === 2) {
        const second = next();
        if (second < 0) throw new Base64Error(input.length);
        if (second !== 0x3d) throw new Base64Error(position - 2);
      }
      if (next() >= 0) throw new Base64Error(position - 1);
      break;
    }
    const [a = 0, b = 0, c = 0, d = 0] = group;
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    bytes.push(...[bits >> 16, (bits >> 8) & 255, bits & 255].slice(0, group.length - 1));
    if (group.length < 4) return Uint8Array.from(bytes);
  }
}
