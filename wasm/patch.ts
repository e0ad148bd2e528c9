/** How one array of bytes differs from another: pieces of the other, and bytes between them. */

/** Shorter pieces would take more room than their bytes. */
const shortest = 16;

/**
 * Returns what makes `target` of `source`, in order: arrays of bytes, and pairs of numbers, which are
 * the place and the length of a piece of `source`.
 */
export function patchOf(source: Uint8Array, target: Uint8Array): (number | number[])[] {
  const places = placesOf(source);
  const patch: (number | number[])[] = [];
  let own: number[] = [];
  for (let at = 0; at < target.length; ) {
    const piece = longestPiece(source, target, at, places.get(keyAt(target, at)) ?? []);
    if (piece === undefined) {
      own.push(target[at++]!);
      continue;
    }
    if (own.length > 0) patch.push(own);
    own = [];
    patch.push(piece.place, piece.length);
    at += piece.length;
  }
  if (own.length > 0) patch.push(own);
  return patch;
}

/** The places of all stretches of the shortest length. */
function placesOf(source: Uint8Array): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (let at = 0; at + shortest <= source.length; at++) {
    const key = keyAt(source, at);
    places.set(key, [...(places.get(key) ?? []), at]);
  }
  return places;
}

function keyAt(bytes: Uint8Array, at: number): string {
  return bytes.subarray(at, at + shortest).join();
}

function longestPiece(
  source: Uint8Array,
  target: Uint8Array,
  at: number,
  places: readonly number[],
): { readonly place: number; readonly length: number } | undefined {
  let best: { readonly place: number; readonly length: number } | undefined;
  for (const place of places) {
    let length = 0;
    while (at + length < target.length && source[place + length] === target[at + length]) length++;
    if (length > (best?.length ?? 0)) best = { place, length };
  }
  return best;
}
