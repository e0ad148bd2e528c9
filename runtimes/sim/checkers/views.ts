/** Rules about what the members of a cluster believe of each other. */

import type { SerfEffect } from "../../../src/core/serf/effects.ts";
import type { CoreNode } from "../cores/node.ts";
import { Rule, type Scene } from "./rule.ts";

const never = Number.NEGATIVE_INFINITY;

/** Returns what live nodes believe wrongly at the moment, at most `max` cases. */
export function disagreements({ nodes, truth }: Scene, max: number = Number.POSITIVE_INFINITY): string[] {
  const wrong: string[] = [];
  for (const observer of nodes) {
    if (observer === undefined || truth.status(observer.index) !== "alive") continue;
    for (const subject of nodes) {
      if (subject === undefined) continue;
      const { index, name } = subject;
      const status = truth.status(index);
      if (status === "none" || status === "unclear") continue;
      const seen = observer.core.member(name);
      if (seen === undefined && status !== "alive") continue;
      if (seen?.status !== status) {
        wrong.push(`${observer.name} sees ${name} ${seen?.status ?? "not at all"}, it is ${status}`);
      } else if (status === "alive" && !sameTags(seen.tags, subject.core.inspect().tags)) {
        wrong.push(`${observer.name} sees old tags of ${name}`);
      } else if (status === "alive" && seen.address !== subject.address.host) {
        wrong.push(`${observer.name} sees ${name} at ${seen.address}, it is at ${subject.address.host}`);
      }
      if (wrong.length >= max) return wrong;
    }
  }
  return wrong;
}

/** After quiet all live nodes agree with the truth; they may have forgotten members that are gone. */
export class ViewsAgree extends Rule {
  readonly name = "after quiet all live nodes agree with the truth";

  override quiet(now: number): void {
    this.judged += 1;
    for (const text of disagreements(this.scene)) this.fail(now, text);
  }
}

/** After quiet nobody sees a member alive that does not run, or that never was a member. */
export class OnlyTheRunningAreAlive extends Rule {
  readonly name = "after quiet only members that run are seen alive";

  override quiet(now: number): void {
    const { nodes, truth } = this.scene;
    for (const observer of nodes) {
      if (observer === undefined || truth.status(observer.index) !== "alive") continue;
      for (const { name, status } of observer.core.members()) {
        this.judged += 1;
        const index = truth.numberOf(name);
        if (status !== "alive" || (index !== undefined && truth.life(index).running)) continue;
        this.fail(now, `${observer.name} sees ${name} alive, which does not run`);
      }
    }
  }
}

/** The layer below forgets members that are gone, so that many names one after the other do not fill it. */
export class TheGoneAreForgotten extends Rule {
  readonly name = "who is gone for long is forgotten by the layer below";

  override quiet(now: number): void {
    const { nodes, truth, bounds } = this.scene;
    for (const subject of nodes) {
      if (subject === undefined || truth.life(subject.index).running) continue;
      const goneAt = Math.max(truth.life(subject.index).endedAt, truth.calmSince("disorder"));
      if (goneAt + bounds.forgetMs > now) continue;
      for (const observer of nodes) {
        if (observer === undefined || truth.status(observer.index) !== "alive") continue;
        this.judged += 1;
        if (observer.core.inspect().node(subject.name) === undefined) continue;
        this.fail(now, `${observer.name} still keeps ${subject.name} for the layer below`);
      }
    }
  }
}

/** A member that has left is never reported as failed. */
export class LeftIsNotFailed extends Rule {
  readonly name = "a left node is never shown failed";
  override readonly kinds = ["emit"] as const;

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    const { truth, bounds } = this.scene;
    for (const { name, index } of reported(this.scene, node, effect, "member-failed")) {
      this.judged += 1;
      const { state, leavingAt } = truth.life(index);
      if (state !== "left" || leavingAt === undefined) continue;
      // What a fault lost before the leave is no excuse once it is over for long enough.
      if (truth.calmSince("delay") > leavingAt - bounds.aftermathMs) continue;
      // Who is believed at an old address is no member yet: it is sent nothing, and its leave is not believed.
      const isMoving = (each: number): boolean => truth.isMoving(each, leavingAt, bounds.recoveryMs);
      if (isMoving(index) || isMoving(node.index)) continue;
      this.fail(now, `${node.name} reports that ${name} failed, which left`);
    }
  }
}

/** A member that did not leave is never reported as left, unless somebody removed it. */
export class CrashedIsNotLeft extends Rule {
  readonly name = "a crashed node is never shown left";
  override readonly kinds = ["emit"] as const;

  override effect(now: number, node: CoreNode, effect: SerfEffect): void {
    const { truth, bounds } = this.scene;
    for (const { name, index } of reported(this.scene, node, effect, "member-leave")) {
      this.judged += 1;
      // Somebody may have said so who lies.
      if (truth.calmSince("lies") + bounds.correctionMs > now) continue;
      const { leavingAt, startedAt, removedAt } = truth.life(index);
      const goneAt = Math.max(leavingAt ?? never, removedAt ?? never);
      // The leave of an earlier life may still be on its way.
      if (goneAt !== never && (goneAt >= startedAt || now - startedAt < bounds.recoveryMs)) continue;
      this.fail(now, `${node.name} reports that ${name} left, which did not`);
    }
  }
}

function sameTags(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** The members that a node reports with an event of this type, by name and number. */
function* reported(
  { truth }: Scene,
  node: CoreNode,
  effect: SerfEffect,
  type: "member-failed" | "member-leave",
): Generator<{ readonly name: string; readonly index: number }> {
  if (effect.kind !== "emit" || effect.event.type !== type) return;
  // What a node that left reports is of no account.
  if (node.core.state !== "alive") return;
  for (const { name } of effect.event.members) {
    const index = truth.numberOf(name);
    if (index !== undefined) yield { name, index };
  }
}
