/**
 * The stages of an event on its way to users, in Serf's order: it is recorded in the snapshot,
 * perhaps held and merged with others, then emitted. They are applied while the outbox is drained,
 * so the parts that emit events need not know them. Queries that the node answers itself are not
 * events.
 */

import type { LineKind, LogEffect } from "../effects.ts";
import { LogLimiter } from "../log_limit.ts";
import type { SerfEvent } from "./api.ts";
import type { SerfConfig } from "./config.ts";
import type { SerfEffect } from "./effects.ts";
import { MemberCoalescer, UserCoalescer } from "./events/coalesce.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** How long the stages hold events; 0 holds none. */
export type HoldConfig = Pick<
  SerfConfig,
  "coalesceMs" | "quiescentMs" | "userCoalesceMs" | "userQuiescentMs"
>;

/** Lines of any other kind that pass within ten seconds. */
const peerLinesMax = 20;

/** Lines about members that pass within ten seconds: many join at once when a cluster starts. */
const memberLinesMax = 1_000;

/** The stages of one node. */
export class Pipeline {
  readonly #snapshot: Snapshot | undefined;
  readonly #users: UserCoalescer | undefined;
  readonly #members: MemberCoalescer | undefined;
  readonly #lines = new LogLimiter<LineKind>();
  #flushing = false;

  /** `snapshot` is `undefined` if nothing is recorded. */
  constructor(config: HoldConfig, snapshot: Snapshot | undefined) {
    this.#snapshot = snapshot;
    const { coalesceMs, quiescentMs, userCoalesceMs, userQuiescentMs } = config;
    if (userCoalesceMs > 0 && userQuiescentMs > 0)
      this.#users = new UserCoalescer({ periodMs: userCoalesceMs, quietMs: userQuiescentMs });
    if (coalesceMs > 0 && quiescentMs > 0)
      this.#members = new MemberCoalescer({ periodMs: coalesceMs, quietMs: quiescentMs });
  }

  /** When {@link run} has to be called next. */
  get deadline(): number {
    const never = Number.POSITIVE_INFINITY;
    return Math.min(
      this.#lines.deadline,
      this.#snapshot?.deadline ?? never,
      this.#users?.deadline ?? never,
      this.#members?.deadline ?? never,
    );
  }

  /** Makes the next {@link run} emit everything that is held and record everything that waits. */
  flush(): void {
    this.#flushing = true;
  }

  /**
   * Sends events through the stages and returns all effects that come out, those that are due
   * included.
   */
  run(now: number, effects: readonly SerfEffect[]): SerfEffect[] {
    const passed: SerfEffect[] = [];
    // Hosts drain until nothing is left.
    if (effects.length === 0 && !this.#flushing && this.deadline > now) return passed;
    for (const effect of effects) {
      if (effect.kind === "log" && effect.limit !== undefined)
        passed.push(...this.#limited(now, effect.limit, effect));
      else if (effect.kind !== "emit") passed.push(effect);
      else if (this.#through(now, effect.event)) passed.push(effect);
    }
    for (const line of this.#lines.due(now)) passed.push({ kind: "log", ...line });
    const everything = this.#flushing;
    this.#flushing = false;
    const due = everything ? Number.MAX_VALUE : now;
    for (const held of [this.#users, this.#members]) {
      if (held !== undefined && held.deadline <= due)
        for (const event of held.flush()) passed.push({ kind: "emit", event });
    }
    if (this.#snapshot !== undefined) passed.push(...this.#snapshot.settle(now, everything));
    return passed;
  }

  /** Sends an event through the stages. Returns false if one of them holds it. */
  #through(now: number, event: SerfEvent): boolean {
    this.#snapshot?.event(event);
    if (event.type === "user" && event.coalesce && this.#users !== undefined) {
      this.#users.add(now, event);
      return false;
    }
    if ("members" in event && this.#members !== undefined) {
      this.#members.add(now, event);
      return false;
    }
    return true;
  }

  #limited(now: number, kind: LineKind, { level, component, text }: LogEffect): LogEffect[] {
    const max = kind === "member" ? memberLinesMax : peerLinesMax;
    const lines = this.#lines.admit(now, kind, { level, component, text }, max);
    return lines.map((line) => ({ kind: "log", ...line }));
  }
}
