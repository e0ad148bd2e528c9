/** Groups of nodes that know nothing of each other. */

import type { CoreNode } from "../cores/node.ts";

/**
 * Returns the groups of nodes that no node can lead together: between two of them nobody sees anybody
 * alive or failed, whom it would gossip with or reconnect to. Whoever left is no longer looked for, so
 * nodes that joined through it may be such a group.
 */
export function islands(nodes: readonly CoreNode[]): CoreNode[][] {
  const groups: CoreNode[][] = [];
  for (const node of nodes) {
    const joined = groups.filter((group) =>
      group.some((other) => looksFor(node, other) || looksFor(other, node)),
    );
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push([...joined.flat(), node]);
  }
  return groups;
}

/** Whoever is looked for at an address that it had before is not found there. */
function looksFor(node: CoreNode, { name, address }: CoreNode): boolean {
  const known = node.core.member(name);
  if (known === undefined || known.status === "left" || known.status === "none") return false;
  return known.address === address.host;
}
