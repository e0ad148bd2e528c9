/** Rules about failure detection: what is declared dead is dead, and what is dead is declared so in time. */

import type { CoreNode } from "../cores/node.ts";
import { type Change, Rule } from "./rule.ts";

/** A member that runs is declared dead only if a harsh fault explains it. */
export class NoFalseFailures extends Rule {
  readonly name = "no false failure without a fault that explains it";

  override changed(now: number, { observer, subject, name, status, incarnation, before }: Change): void {
    if (status !== "dead" || before === undefined || before.status === "dead") return;
    // What a node believes that left is of no account.
    if (observer.core.state !== "alive") return;
    const { truth, bounds, nodes } = this.scene;
    this.judged += 1;
    const { running, changedAt } = truth.life(subject);
    if (!running || now - changedAt < bounds.aftermathMs) return;
    if (isBelievedElsewhere(observer, nodes[subject]!)) return;
    if (now - truth.calmSince("failure") < bounds.aftermathMs) return;
    this.fail(now, `${observer.name} declares ${name} dead at ${incarnation}, which runs`);
  }
}

/** Without any fault every probe is answered, so nobody is suspected. */
export class NoSuspicionInCalm extends Rule {
  readonly name = "no suspicion without any fault";

  override changed(now: number, { observer, subject, name, status }: Change): void {
    const { truth, bounds } = this.scene;
    if (status === "dead" || observer.core.state !== "alive") return;
    this.judged += 1;
    if (status !== "suspect" || truth.status(subject) !== "alive") return;
    // Whoever found it gone at the address that it had before makes others suspect it, until it refutes that.
    if (truth.isMoving(subject, now, bounds.recoveryMs)) return;
    const since = Math.max(truth.calmSince("disorder"), truth.life(subject).changedAt);
    if (now - since < bounds.aftermathMs) return;
    this.fail(now, `${observer.name} suspects ${name}, which runs`);
  }
}

/** Returns whether a node believes another at an address where it is not any more: there it is gone. */
function isBelievedElsewhere({ core }: CoreNode, { name, address }: CoreNode): boolean {
  const seen = core.member(name);
  return seen !== undefined && seen.address !== address.host;
}

/** How much a clock may be wrong without its node noticing it, with a margin. */
const unnoticedMs = 500;

/**
 * Between the first suspicion of a member and its death is at least the shortest suspicion, unless its
 * host refuses connections because it has crashed.
 */
export class SuspicionsLast extends Rule {
  readonly name = "a suspicion lasts as long as it has to";
  /** Since when a member is suspected, and at which incarnation. */
  readonly #since = new Map<number, { readonly incarnation: number; readonly at: number }>();
  /** Since when a member that ended is gone, but for lives that were too short for others to notice. */
  readonly #goneSince = new Map<number, number>();

  override crashed(now: number, { index }: CoreNode): void {
    const { truth, bounds } = this.scene;
    const isShort = now - truth.life(index).startedAt < bounds.spreadMs;
    if (!isShort || !this.#goneSince.has(index)) this.#goneSince.set(index, now);
  }

  override changed(now: number, { subject, name, observer, status, incarnation }: Change): void {
    if (status !== "suspect" && status !== "dead") return;
    const known = this.#since.get(subject);
    if (status === "suspect") {
      if ((known?.incarnation ?? -1) < incarnation) this.#since.set(subject, { incarnation, at: now });
      return;
    }
    if (known?.incarnation !== incarnation) return;
    const { truth, bounds } = this.scene;
    // Who lies that a member is dead does not wait.
    if (truth.calmSince("lies") + bounds.aftermathMs > now) return;
    // Nobody takes connections at the address that it had before.
    if (truth.isMoving(subject, now, bounds.recoveryMs)) return;
    const { running, startedAt, endedAt } = truth.life(subject);
    const goneMs = (running ? startedAt : now) - (this.#goneSince.get(subject) ?? endedAt);
    const { crashHoldMs } = bounds.swim;
    if (goneMs >= crashHoldMs && (!running || now - startedAt < bounds.spreadMs)) return;
    this.judged += 1;
    const { suspicionMult, probeIntervalMs } = bounds.swim;
    const lasted = now - known.at;
    if (lasted + unnoticedMs >= suspicionMult * probeIntervalMs) return;
    this.fail(now, `${observer.name} declares ${name} dead ${lasted} ms after its first suspicion`);
  }
}

interface Crash {
  readonly subject: CoreNode;
  readonly at: number;
}

/** A crash is known to all others within the closed-form bound. */
export class CrashesAreDetected extends Rule {
  readonly name = "crashes are detected in time";
  readonly #crashes: Crash[] = [];
  /** Crashes that have more time. */
  readonly #lonely: Crash[] = [];

  override crashed(now: number, node: CoreNode): void {
    if (this.scene.truth.status(node.index) === "failed") this.#crashes.push({ subject: node, at: now });
  }

  override turned(now: number): void {
    const { detectionMs, lonelyDetectionMs } = this.scene.bounds;
    while (this.#crashes.length > 0 && now >= this.#crashes[0]!.at + detectionMs) {
      const crash = this.#crashes.shift()!;
      if (this.#areMostGone()) this.#lonely.push(crash);
      else this.#judge(now, crash);
    }
    while (this.#lonely.length > 0 && now >= this.#lonely[0]!.at + lonelyDetectionMs)
      this.#judge(now, this.#lonely.shift()!);
  }

  #areMostGone(): boolean {
    const { truth, nodes } = this.scene;
    const known = nodes.filter((node) => node !== undefined);
    return 2 * known.filter(({ index }) => truth.life(index).running).length < known.length;
  }

  #judge(now: number, { subject, at }: Crash): void {
    const { truth, nodes } = this.scene;
    const life = truth.life(subject.index);
    // A restart within the time makes it alive again.
    if (life.running || life.endedAt !== at || truth.calmSince("delay") > at) return;
    for (const observer of nodes) {
      if (observer === undefined || truth.status(observer.index) !== "alive") continue;
      if (truth.life(observer.index).changedAt > at) continue;
      this.judged += 1;
      const status = observer.core.member(subject.name)?.status;
      if (status === "alive" || status === "leaving") {
        this.fail(now, `${observer.name} still sees ${subject.name} ${status}, which ended at ${at}`);
      }
    }
  }
}

interface News {
  readonly subject: number;
  readonly incarnation: number;
  readonly at: number;
}

/** What a member announces of itself reaches all others within the closed-form bound. */
export class AnnouncementsSpread extends Rule {
  readonly name = "announcements reach everybody in time";
  readonly #newest = new Map<number, number>();
  readonly #news: News[] = [];
  readonly #inspections: ReturnType<CoreNode["core"]["inspect"]>[] = [];

  override started(_now: number, node: CoreNode): void {
    this.#inspections[node.index] = node.core.inspect();
  }

  override changed(now: number, { observer, subject, status, incarnation }: Change): void {
    if (status !== "alive" || subject === observer.index) return;
    if (incarnation <= (this.#newest.get(subject) ?? 0)) return;
    this.#newest.set(subject, incarnation);
    this.#news.push({ subject, incarnation, at: now });
  }

  override turned(now: number): void {
    const { reachMs } = this.scene.bounds;
    while (this.#news.length > 0 && now >= this.#news[0]!.at + reachMs) this.#judge(now, this.#news.shift()!);
  }

  #judge(now: number, { subject, incarnation, at }: News): void {
    const { truth, nodes, bounds } = this.scene;
    const { running, changedAt } = truth.life(subject);
    if (!running || changedAt > at || truth.calmSince("delay") > at) return;
    // Whoever has not forgotten its old address refuses the new one.
    if (truth.isMoving(subject, at, bounds.recoveryMs)) return;
    // Somebody may believe for a while that the member is somewhere else.
    if (truth.calmSince("lies") + bounds.correctionMs > at) return;
    const name = nodes[subject]!.name;
    for (const observer of nodes) {
      if (observer === undefined || truth.status(observer.index) !== "alive") continue;
      if (truth.life(observer.index).changedAt > at) continue;
      // And is sent nothing there.
      if (truth.isMoving(observer.index, at, bounds.recoveryMs)) continue;
      const known = this.#inspections[observer.index]!.node(name);
      this.judged += 1;
      if ((known?.incarnation ?? 0) >= incarnation) continue;
      this.fail(now, `${observer.name} has ${name} at ${known?.incarnation}, which is at ${incarnation}`);
    }
  }
}
