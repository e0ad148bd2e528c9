import { describe, expect, it } from "vitest";
import { LamportTimes } from "../../../../src/core/serf/members/lamport_times.ts";

/** The times at which the width of the column ends, and the last one of Serf's clocks. */
const times = [0n, 1n, 2n ** 32n - 2n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n];

describe("a column of Lamport times", () => {
  it("keeps every time that a clock can have", () => {
    const column = new LamportTimes();
    for (const [row, time] of times.entries()) column.set(row, time);
    expect(times.map((_time, row) => column.get(row))).toEqual(times);
  });

  it("takes any time after any other", () => {
    const column = new LamportTimes();
    for (const before of times) {
      for (const after of times) {
        column.set(3, before);
        column.set(3, after);
        expect([before, column.get(3)]).toEqual([before, after]);
      }
    }
  });

  it("has 0 for rows without a time, in the room that there is and beyond it", () => {
    const column = new LamportTimes();
    column.set(2, 2n ** 40n);
    column.delete(2);
    column.delete(70_000);
    expect([1, 2, 70_000].map((row) => column.get(row))).toEqual([0n, 0n, 0n]);
  });
});
