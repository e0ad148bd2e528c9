/** The rule about names: a member that has another address now is not taken for another member. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** Nobody stops for a name that no other node has. Peers with memberlist's rules do, as Go does. */
export class NamesAreKept extends Rule {
  readonly name = "no node stops because of a name that nobody else has";
  override readonly kinds = ["halt"] as const;

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "halt" || node.isPeer) return;
    this.fail(now, `${node.name} at ${node.address.host} stops: ${effect.reason}`);
  }

  override quiet(): void {
    const { nodes, truth } = this.scene;
    for (const node of nodes)
      if (node !== undefined && truth.life(node.index).movedAt !== undefined) this.judged += 1;
  }
}
