import { describe, expect, it } from "vitest";
import type { SwimContext } from "../../../src/core/swim/context.ts";
import { Stalls } from "../../../src/core/swim/stalls.ts";

/** The stalls that a node notices which handles something at each of these times, while a deadline is due at `deadline`. */
function noticed(deadline: number, ...inputs: readonly number[]): [at: number, lostMs: number][] {
  const context = { timers: { next: () => deadline }, config: { rules: { stalls: true } } };
  const found: [number, number][] = [];
  const stalls = new Stalls(context as unknown as SwimContext, (at, lostMs) => found.push([at, lostMs]));
  stalls.start(0);
  for (const now of inputs) stalls.notice(now);
  return found;
}

describe("a node", () => {
  it("has stood still if a deadline is overdue by more than 100 ms, since it handled something last", () => {
    expect(noticed(1_000, 900, 1_100)).toEqual([]);
    expect(noticed(1_000, 900, 1_101)).toEqual([[1_101, 201]]);
  });

  it("has not stood still again while it handles what waited, and the deadline is still overdue", () => {
    expect(noticed(1_000, 900, 5_000, 5_000, 5_500, 6_500)).toEqual([[5_000, 4_100]]);
  });

  it("has stood still again if it handles nothing for more than a second, although the deadline was overdue before", () => {
    expect(noticed(1_000, 900, 1_200, 31_200)).toEqual([
      [1_200, 300],
      [31_200, 30_000],
    ]);
  });
});
