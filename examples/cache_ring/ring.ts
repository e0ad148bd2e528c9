/**
 * A consistent-hash ring: every node has many points on a circle, and a key belongs to the node at
 * the next point. If a node is removed, only its own keys move, and they spread over all others.
 * Equal names give equal rings.
 */

import { createHash } from "node:crypto";

/** Points of each node. More points make the shares more even. */
const pointCount = 160;

/** The place of a string on the circle. */
function place(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE();
}

/** The ring of some nodes. */
export class Ring<Node extends { readonly name: string }> {
  readonly nodes: readonly Node[];
  readonly #points: readonly { readonly at: number; readonly node: Node }[];

  constructor(nodes: readonly Node[]) {
    this.nodes = nodes;
    this.#points = nodes
      .flatMap((node) =>
        Array.from({ length: pointCount }, (_, index) => ({ at: place(`${node.name} ${index}`), node })),
      )
      .sort((a, b) => a.at - b.at || (a.node.name < b.node.name ? -1 : 1));
  }

  /**
   * Returns all nodes in the order in which they are responsible for a key: its owner first, then
   * the node that would own it without the first, and so on.
   */
  *owners(key: string): Generator<Node> {
    const at = place(key);
    // After the last point the circle starts again.
    const first = Math.max(
      this.#points.findIndex((point) => point.at >= at),
      0,
    );
    const seen = new Set<Node>();
    for (const { node } of [...this.#points.slice(first), ...this.#points.slice(0, first)]) {
      if (seen.has(node)) continue;
      seen.add(node);
      yield node;
    }
  }
}
