/** Jobs: work in slices. */

import { describe, expect, it } from "vitest";
import { finish, type Job, Jobs, type Turn, visit } from "../../src/core/jobs.ts";

const always = (): boolean => true;

/** A job of some slices that writes down what it does and when. */
function work(lines: string[], name: string, slices: number): (turn: Turn) => Job {
  return function* (turn): Job {
    try {
      for (let slice = 1; slice <= slices; slice++) {
        if (slice > 1) yield;
        lines.push(`${name}${slice}@${turn.now}`);
      }
    } finally {
      lines.push(`${name} over`);
    }
  };
}

function setup(): { readonly jobs: Jobs; readonly armed: number[]; readonly lines: string[] } {
  const armed: number[] = [];
  return { jobs: new Jobs((at) => armed.push(at)), armed, lines: [] };
}

describe("jobs", () => {
  it("that need one slice are done in the turn in which they begin, whatever waits", () => {
    const { jobs, armed, lines } = setup();
    jobs.begin(5, always, work(lines, "long", 2));
    jobs.begin(5, always, work(lines, "short", 1));
    expect(lines).toEqual(["long1@5", "short1@5", "short over"]);
    expect([armed, jobs.count]).toEqual([[6], 1]);
  });

  it("go on one slice a turn, the oldest first", () => {
    const { jobs, armed, lines } = setup();
    jobs.begin(0, always, work(lines, "a", 3));
    jobs.begin(0, always, work(lines, "b", 2));
    for (let now = 1; jobs.count > 0; now++) jobs.next(now);
    expect(lines).toEqual(["a1@0", "b1@0", "a2@1", "a3@2", "a over", "b2@3", "b over"]);
    expect(armed).toEqual([1, 1, 2, 3]);
  });

  it("that are not wanted any more are dropped before their next slice", () => {
    const { jobs, lines } = setup();
    let wanted = true;
    jobs.begin(0, () => wanted, work(lines, "a", 9));
    wanted = false;
    jobs.next(1);
    expect([lines, jobs.count]).toEqual([["a1@0", "a over"], 0]);
  });

  it("are all dropped by a stop", () => {
    const { jobs, lines } = setup();
    jobs.begin(0, always, work(lines, "a", 9));
    jobs.begin(0, always, work(lines, "b", 9));
    jobs.stop(1);
    jobs.next(2);
    expect([lines, jobs.count]).toEqual([["a1@0", "b1@0", "a over", "b over"], 0]);
  });

  it("that throw are over, and the next one goes on", () => {
    const { jobs, lines } = setup();
    jobs.begin(0, always, function* (): Job {
      yield;
      throw new Error("broken");
    });
    jobs.begin(0, always, work(lines, "b", 2));
    expect(() => jobs.next(1)).toThrow("broken");
    jobs.next(2);
    expect(lines).toEqual(["b1@0", "b2@2", "b over"]);
  });
});

describe("a visit", () => {
  it("has a bounded number of items in a slice, and ends at the first result", () => {
    const items = Array.from({ length: 10 }, (_, index) => index);
    const seen: number[] = [];
    const sizes: number[] = [];
    const job = visit(items, 3, (item) => {
      seen.push(item);
      return item === 7 ? "seven" : undefined;
    });
    let step = job.next();
    for (; step.done !== true; step = job.next()) sizes.push(seen.length);
    expect([step.value, sizes, seen.length]).toEqual(["seven", [3, 6], 8]);
    expect(finish(visit(items, 3, () => undefined))).toBeUndefined();
  });
});
