/** Rules of SWIM about incarnations, which hold whatever the network does. */

import type { Change } from "./rule.ts";
import { Rule } from "./rule.ts";

/** What a node knows of the incarnation of another never falls while it remembers the other. */
export class IncarnationsRise extends Rule {
  readonly name = "incarnations never fall";

  override changed(now: number, { observer, name, incarnation, before }: Change): void {
    if (before === undefined) return;
    this.judged += 1;
    if (incarnation >= before.incarnation) return;
    this.fail(now, `${observer.name} knew ${name} at ${before.incarnation}, now at ${incarnation}`);
  }
}

/** Nobody returns from dead or left at an old incarnation: only the member itself can raise it. */
export class ReturnsAreNewer extends Rule {
  readonly name = "nobody returns from dead or left without a newer incarnation";

  override changed(now: number, { observer, name, status, incarnation, before }: Change): void {
    if (before === undefined || (before.status !== "dead" && before.status !== "left")) return;
    if (status === "dead" || status === "left") return;
    this.judged += 1;
    if (incarnation > before.incarnation) return;
    this.fail(now, `${observer.name} has ${name} ${status} again at ${incarnation}, was ${before.status}`);
  }
}

/** A node refutes whatever is said against it, so it never believes itself gone. */
export class NobodyBelievesItself extends Rule {
  readonly name = "no node believes itself suspect, dead, or left against its will";

  override changed(now: number, { observer, subject, status, before }: Change): void {
    if (subject !== observer.index || before === undefined) return;
    this.judged += 1;
    if (status === "alive" || (status === "left" && observer.core.state !== "alive")) return;
    this.fail(now, `${observer.name} believes itself ${status}`);
  }
}
