/** Virtual time of a world of cores. */

import { describe, expect, it } from "vitest";
import { Agenda } from "../../../runtimes/sim/cores/agenda.ts";
import { SeededRandom } from "../../../runtimes/sim/random.ts";

describe("an agenda", () => {
  it("keeps the order of times, and of additions within one, whatever the distance", () => {
    const agenda = new Agenda<{ at: number; order: number }>();
    const random = new SeededRandom(7, "agenda");
    const happened: { at: number; order: number }[] = [];
    let order = 0;
    const add = (): void => {
      const at = agenda.now + random.below(random.chance(0.5) ? 50 : 30_000);
      agenda.at(at, { at, order: order++ });
    };
    for (let index = 0; index < 500; index += 1) add();
    agenda.run(1_000_000, (happening) => {
      expect(happening.at).toBe(agenda.now);
      happened.push(happening);
      if (order < 3_000) add();
    });
    expect(happened).toHaveLength(3_000);
    const sorted = [...happened].sort((a, b) => a.at - b.at || a.order - b.order);
    expect(happened).toEqual(sorted);
  });

  it("rounds times up, lets nothing happen in the past, and never what is due at no time", () => {
    const agenda = new Agenda<string>();
    const happened: string[] = [];
    agenda.run(10, () => undefined);
    agenda.at(3, "late");
    agenda.at(10.2, "rounded");
    agenda.at(Number.POSITIVE_INFINITY, "never");
    agenda.run(10, (what) => happened.push(what));
    expect(happened).toEqual(["late"]);
    agenda.run(100_000, (what) => happened.push(what));
    expect(happened).toEqual(["late", "rounded"]);
    expect(agenda.now).toBe(100_000);
  });
});
