/** How the nodes of a world become a cluster: they start within a second and join through the first ones. */

import type { SeededRandom } from "../random.ts";
import type { CoreNode } from "./node.ts";
import type { CoreWorld } from "./world.ts";

/** All nodes have started within this time. */
export const startSpreadMs = 1_000;
/** New nodes join through the first ones. */
const seedCount = 3;
/** A node that could not join tries again after this time. */
const rejoinMs = 1_000;

/** Starts all nodes at some time within {@link startSpreadMs}, and lets each join when it runs. */
export function formCluster(world: CoreWorld, random: SeededRandom): void {
  for (const node of world.nodes) {
    const { index } = node;
    const through = world.nodes[index < seedCount ? 0 : index % seedCount]!;
    world.at(random.below(startSpreadMs), () => {
      world.start(node);
      if (index > 0) joinUntilDone(world, node, () => through);
    });
  }
}

/**
 * Joins through the node that `through` returns; after a failure again, through the one that it
 * returns then.
 */
export function joinUntilDone(world: CoreWorld, node: CoreNode, through: () => CoreNode): void {
  const { starts } = node;
  world.join(node, through(), (error) => {
    if (error === undefined) return;
    world.at(rejoinMs, () => {
      if (node.running && node.starts === starts) joinUntilDone(world, node, through);
    });
  });
}
