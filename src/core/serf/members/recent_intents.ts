/**
 * Leave and join intents about names that the membership layer does not know yet, kept until it
 * does (serf `recentIntents`). There is one per name; only one with a higher Lamport time replaces
 * it.
 */

import { SerfLimits } from "../config.ts";
import type { JoinIntent, LeaveIntent } from "../wire/messages.ts";

/** A remembered intent. */
interface RecentIntent {
  readonly type: "join" | "leave";
  readonly lamportTime: bigint;
  readonly storedAt: number;
}

/** The intents that wait for their member. */
export class RecentIntents {
  readonly #byName = new Map<string, RecentIntent>();

  /** Remembers an intent. Returns false if there is one with this Lamport time or a higher one, or
   * if the table is full.
   */
  store(now: number, intent: LeaveIntent | JoinIntent): boolean {
    const known = this.#byName.get(intent.node);
    if (known !== undefined && intent.lamportTime <= known.lamportTime) return false;
    if (known === undefined && this.#byName.size >= SerfLimits.recentIntents) return false;
    this.#byName.set(intent.node, { type: intent.type, lamportTime: intent.lamportTime, storedAt: now });
    return true;
  }

  /** Returns the intent about a name, or `undefined`. */
  find(name: string): { readonly type: "join" | "leave"; readonly lamportTime: bigint } | undefined {
    return this.#byName.get(name);
  }

  /** Removes the intents that were stored before `oldest`. */
  expire(oldest: number): void {
    for (const [name, intent] of this.#byName) {
      if (intent.storedAt < oldest) this.#byName.delete(name);
    }
  }
}
