/** The rule about other clusters: whoever has another key or label is no member, and sees no member. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** The name of the events of nodes of other clusters. */
export const foreignEvent = "foreign";

/** Nothing of another cluster gets in, and nothing of this one gets out to it. */
export class ForeignersStayOut extends Rule {
  readonly name = "nothing of another cluster gets in, nor out to it";
  override readonly kinds = ["emit"] as const;
  /** Names with addresses: another cluster may have a node of the same name, or at the same address. */
  readonly #foreigners = new Set<string>();

  /** Says that a node of another cluster starts. */
  came({ name, address }: CoreNode): void {
    this.#foreigners.add(identity(name, address.host));
  }

  /** Says that it is about to end, or that there was time enough to see others. */
  met(now: number, foreigner: CoreNode): void {
    for (const { name, address } of foreigner.core.members()) {
      this.judged += 1;
      if (this.#foreigners.has(identity(name, address))) continue;
      this.fail(now, `${foreigner.name} of another cluster sees ${name} at ${address}`);
    }
  }

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind !== "emit" || this.#foreigners.size === 0) return;
    const { event } = effect;
    this.judged += 1;
    if (event.type === "user" && event.name === foreignEvent)
      this.fail(now, `${node.name} delivers an event of another cluster`);
    if (!("members" in event)) return;
    for (const { name, address } of event.members) {
      if (this.#foreigners.has(identity(name, address)))
        this.fail(now, `${node.name} reports ${event.type} of ${name} at ${address}, of another cluster`);
    }
  }
}

function identity(name: string, host: string): string {
  return `${name} ${host}`;
}
