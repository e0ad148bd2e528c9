/**
 * Bytes as text the way Go's JSON encoder takes them: every byte that is not part of valid UTF-8 counts as one broken character.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Stands for a broken byte: a lone surrogate, which no valid text contains and the JSON writer replaces. */
const broken = "\udfff";

/** Longest encoding of a character. */
const characterSizeMax = 4;

/** Decodes bytes; broken ones become lone surrogates. */
export function decodeText(bytes: Uint8Array): string {
  let text = "";
  for (const character of characters(bytes)) text += typeof character === "number" ? broken : character;
  return text;
}

/** The characters of bytes, and as a number every byte that is not part of one. */
export function* characters(bytes: Uint8Array): Generator<string | number> {
  const whole = decodeStrictly(bytes);
  if (whole !== undefined) {
    yield* whole;
    return;
  }
  for (let offset = 0; offset < bytes.length; ) {
    const size = characterSize(bytes, offset);
    yield size === 0 ? bytes[offset]! : strict.decode(bytes.subarray(offset, offset + size));
    offset += Math.max(1, size);
  }
}

/** Size of the valid character at an offset, 0 when there is none. */
function characterSize(bytes: Uint8Array, offset: number): number {
  for (let size = 1; size <= characterSizeMax && offset + size <= bytes.length; size++) {
    if (decodeStrictly(bytes.subarray(offset, offset + size)) !== undefined) return size;
  }
  return 0;
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
