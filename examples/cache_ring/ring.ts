/**
 * A consistent-hash ring: every node stands at many points of a circle, and a key belongs to the node at the next point. Without one node
 * only its own keys move, and they spread over all others. Whoever knows the same names has the same ring.
 */

import { createHash } from "node:crypto";

/** Points of each node. The more, the more even are the shares. */
const pointCount = 160;

/** Where a text is on the circle. */
function place(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE();
}

/** The ring of some nodes, by name. */
export class Ring {
  readonly #points: readonly { readonly at: number; readonly name: string }[];

  constructor(names: readonly string[]) {
    this.#points = names
      .flatMap((name) =>
        Array.from({ length: pointCount }, (_, index) => ({ at: place(`${name} ${index}`), name })),
      )
      .sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
  }

  /** All nodes in the order in which they are responsible for a key: the owner first, then who would be if it were gone, and so on. */
  owners(key: string): string[] {
    const at = place(key);
    const first = this.#points.findIndex((point) => point.at >= at);
    // Beyond the last point the circle begins again.
    const ordered = [...this.#points.slice(first), ...this.#points.slice(0, Math.max(first, 0))];
    return [...new Set(ordered.map(({ name }) => name))];
  }
}
