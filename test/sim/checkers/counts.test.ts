/** Broken histories of what a node counts: each rule has to object. */

import { describe, expect, it } from "vitest";
import { AwarenessMovesInSteps, ClocksMoveInSteps } from "../../../runtimes/sim/checkers/clocks.ts";
import { change, stage, texts } from "./broken.ts";

describe("the rule about Lamport clocks", () => {
  it("objects to one that falls, or leaps past all others", () => {
    const { rule, nodes } = stage(ClocksMoveInSteps);
    const [n0, n1] = nodes;
    n0!.clocks.events.time = 3n;
    rule.turned(1, n0!.node);
    n1!.clocks.events.time = 3n;
    rule.turned(2, n1!.node);
    expect(texts(rule)).toEqual([]);
    n1!.clocks.events.time = 2n;
    rule.turned(3, n1!.node);
    n0!.clocks.members.time = 100n;
    rule.turned(4, n0!.node);
    expect(texts(rule)).toEqual([
      "3: n1: the clock of events fell to 2",
      "4: n0: the clock of members leapt from 1 to 100",
    ]);
  });
});

describe("the rule about awareness", () => {
  it("objects to a score outside of its range, and to one that jumps", () => {
    const { rule, nodes } = stage(AwarenessMovesInSteps);
    const [n0, n1] = nodes;
    for (const score of [1, 4, 3]) {
      n0!.awareness = score;
      rule.turned(1, n0!.node);
    }
    const known = { status: "alive", incarnation: 1 } as const;
    for (const incarnation of [2, 3]) rule.changed(1, change(n0!, "n0", known, "alive", incarnation));
    n0!.awareness = 7;
    rule.turned(1, n0!.node);
    expect(texts(rule)).toEqual([]);
    n0!.awareness = 5;
    rule.turned(2, n0!.node);
    n1!.awareness = 8;
    rule.turned(3, n1!.node);
    expect(texts(rule)).toEqual([
      "2: n0: the health score went from 7 to 5",
      "3: n1: the health score is 8",
      "3: n1: the health score went from 0 to 8",
    ]);
  });
});
