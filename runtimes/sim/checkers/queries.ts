/** Rules about queries: they end in time, and what they say about replies is true. */

import { equalBytes } from "../../../src/core/bytes.ts";
import type { ReplyEffect, SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule } from "./rule.ts";

/** A query that a node is about to ask, to all members, which acknowledge it. */
export interface AskedQuery {
  /** The number under which the host asks. */
  readonly query: number;
  readonly timeoutMs: number;
  /** Returns what a member answers; `undefined` if nobody answers. */
  readonly answer?: ((from: string) => Uint8Array) | undefined;
}

interface Running extends AskedQuery {
  readonly asker: CoreNode;
  readonly starts: number;
  readonly at: number;
  /** When it has to end, in the time of the world. */
  dueAt: number;
  /** How far the clock of the asker was ahead when that was worked out. */
  aheadMs: number;
  /** The members that should reply. */
  readonly expected: ReadonlySet<string>;
  readonly acked: Set<string>;
  readonly answered: Set<string>;
}

/** How long after its deadline a query may end, on a machine that is not slow. */
const slackMs = 1;

/** Queries end by their deadline, only live members reply, and `missing` lists those that did not. */
export class QueriesAreTrue extends Rule {
  readonly name = "queries end by their deadline, with replies of live members, and missing is true";
  override readonly kinds = ["reply", "queryEnd"] as const;
  readonly #running = new Map<number, Running>();

  /** Says that a node asks a query with the next input. */
  asked(now: number, asker: CoreNode, query: AskedQuery): void {
    const members = asker.core.members().filter(({ status }) => status === "alive");
    this.#running.set(query.query, {
      ...query,
      asker,
      starts: asker.starts,
      at: now,
      dueAt: now + query.timeoutMs,
      aheadMs: asker.aheadMs,
      expected: new Set(members.map(({ name }) => name)),
      acked: new Set(),
      answered: new Set(),
    });
  }

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    if (effect.kind === "reply") this.#replied(now, node, effect);
    else if (effect.kind === "queryEnd") this.#ended(now, node, effect.query, effect.missing);
  }

  override turned(now: number, node: CoreNode): void {
    for (const running of this.#running.values()) {
      const { asker, starts, query } = running;
      if (asker.starts !== starts || !asker.running) this.#running.delete(query);
      else if (asker === node && this.#isLate(now, running)) {
        this.#running.delete(query);
        this.fail(now, `query ${query} of ${node.name} has not ended`);
      }
    }
  }

  #replied(now: number, node: CoreNode, { query, type, from, payload }: ReplyEffect): void {
    const running = this.#running.get(query);
    if (running === undefined || running.asker !== node) return;
    this.judged += 1;
    const replied = type === "ack" ? running.acked : running.answered;
    if (replied.has(from)) this.fail(now, `query ${query} of ${node.name}: ${from} replies twice`);
    replied.add(from);
    const { truth } = this.scene;
    if (type === "response" && !this.#isAnswer(running, from, payload))
      this.fail(now, `query ${query} of ${node.name}: ${from} answers something else`);
    const index = truth.numberOf(from);
    const life = index === undefined ? undefined : truth.life(index);
    if (life !== undefined && (life.running || life.endedAt >= running.at)) return;
    // A damaged reply may have any name.
    if (truth.calmSince("damage") > running.at) return;
    this.fail(now, `query ${query} of ${node.name}: ${from} replies, which did not run`);
  }

  #ended(now: number, node: CoreNode, query: number, missing: readonly string[] | undefined): void {
    const running = this.#running.get(query);
    if (running === undefined || running.asker !== node) return;
    this.#running.delete(query);
    this.judged += 1;
    if (this.#isLate(now, running)) this.fail(now, `query ${query} of ${node.name} ended late`);
    this.#complete(now, running);
    const truth = [...running.expected].filter((name) => !hasReplied(running, name)).sort();
    const said = [...(missing ?? [])].sort();
    if (truth.join() === said.join()) return;
    this.fail(now, `query ${query} of ${node.name}: missing is ${said.join()}, in truth ${truth.join()}`);
  }

  /** If nothing was lost, all members reply that run all the time. */
  #complete(now: number, running: Running): void {
    const { asker, query, at, expected } = running;
    const { truth, bounds } = this.scene;
    // Only the ring reaches everybody in the time of a query; gossip alone misses somebody now and then.
    if (this.scene.memberlist) return;
    // Until clocks that lies moved have been compared, a query may come too late for some.
    if (truth.calmSince("lies") + bounds.correctionMs > at) return;
    if (Math.max(truth.calmSince("disorder"), truth.life(asker.index).changedAt) + bounds.spreadMs > at)
      return;
    const isGone = (name: string): boolean => truth.status(truth.numberOf(name) ?? asker.index) !== "alive";
    // Where most members have crashed and nobody knows yet, nearly all that is sent goes to them.
    if (2 * [...expected].filter(isGone).length > expected.size) return;
    for (const name of expected) {
      const index = truth.numberOf(name);
      if (hasReplied(running, name) || index === undefined || truth.status(index) !== "alive") continue;
      if (truth.life(index).changedAt + bounds.reachMs > at) continue;
      this.fail(now, `query ${query} of ${asker.name}: ${name} does not reply`);
    }
  }

  /** Returns whether an answer is what its sender sent; a fault may have damaged it. */
  #isAnswer({ answer, at }: Running, from: string, payload: Uint8Array): boolean {
    if (this.scene.truth.calmSince("disorder") > at) return true;
    return answer !== undefined && equalBytes(answer(from), payload);
  }

  #isLate(now: number, running: Running): boolean {
    const { truth, bounds } = this.scene;
    const { asker } = running;
    // A clock that leaps moves the deadline, to this moment if it leaps over it.
    if (asker.aheadMs !== running.aheadMs) {
      running.dueAt = Math.max(running.dueAt + running.aheadMs - asker.aheadMs, now);
      running.aheadMs = asker.aheadMs;
    }
    // A machine that stands still or is slow ends its queries when it goes on.
    if (asker.lateMs > 0 || asker.paused || truth.calmSince("delay") + bounds.spreadMs > now) return false;
    return now > running.dueAt + slackMs;
  }
}

function hasReplied({ acked, answered, answer }: Running, name: string): boolean {
  return acked.has(name) && (answer === undefined || answered.has(name));
}
