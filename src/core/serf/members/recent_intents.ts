/**
 * Recent intents: leave and join intents about names that the membership layer does not know yet, kept to bridge that gap
 * (serf `recentIntents`). One per name; only a later Lamport time replaces it.
 */

import { SerfLimits } from "../config.ts";
import type { JoinIntent, LeaveIntent } from "../wire/messages.ts";

/** A remembered intent. */
interface RecentIntent {
  readonly type: "join" | "leave";
  readonly lamportTime: bigint;
  readonly storedAt: number;
}

/** Intents waiting for their member. */
export class RecentIntents {
  readonly #byName = new Map<string, RecentIntent>();

  /** Remembered intents. */
  get count(): number {
    return this.#byName.size;
  }

  /** Remembers an intent. False when it is no news, or when there is no room. */
  store(now: number, intent: LeaveIntent | JoinIntent): boolean {
    const known = this.#byName.get(intent.node);
    if (known !== undefined && intent.lamportTime <= known.lamportTime) return false;
    if (known === undefined && this.#byName.size >= SerfLimits.recentIntents) return false;
    this.#byName.set(intent.node, { type: intent.type, lamportTime: intent.lamportTime, storedAt: now });
    return true;
  }

  /** The intent of a name. */
  find(name: string): { readonly type: "join" | "leave"; readonly lamportTime: bigint } | undefined {
    return this.#byName.get(name);
  }

  /** Forgets intents that were stored before `oldest`. */
  expire(oldest: number): void {
    for (const [name, intent] of this.#byName) {
      if (intent.storedAt < oldest) this.#byName.delete(name);
    }
  }
}
