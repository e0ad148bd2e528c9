import { expect, test } from "vitest";
import { type LimitedLine, LogLimiter, limitIntervalMs } from "../../src/core/log_limit.ts";

/** How many lines pass. */
const max = 20;

const line = (text: string, level: LimitedLine["level"] = "ERR"): LimitedLine => ({
  level,
  component: "memberlist",
  text,
});

function flood(limiter: LogLimiter, now: number, count: number): LimitedLine[] {
  return Array.from({ length: count }, (_, index) =>
    limiter.admit(now, "refused", line(`refused ${index}`), max),
  ).flat();
}

test("so many lines of a kind pass, and the next one that does brings the count of the others", () => {
  const limiter = new LogLimiter();
  expect(flood(limiter, 100, max + 812)).toHaveLength(max);
  expect(limiter.admit(100 + limitIntervalMs - 1, "refused", line("still"), max)).toEqual([]);
  expect(limiter.admit(100 + limitIntervalMs, "refused", line("again"), max)).toEqual([
    line("… and 813 more like it, the last: still"),
    line("again"),
  ]);
  expect(limiter.deadline).toBe(Number.POSITIVE_INFINITY);
});

test("the count also comes if no further line does, once", () => {
  const limiter = new LogLimiter();
  flood(limiter, 0, max + 1);
  expect(limiter.deadline).toBe(limitIntervalMs);
  expect(limiter.due(limitIntervalMs - 1)).toEqual([]);
  expect(limiter.due(limitIntervalMs)).toEqual([line(`… and 1 more like it, the last: refused ${max}`)]);
  expect(limiter.due(2 * limitIntervalMs)).toEqual([]);
  expect(flood(limiter, limitIntervalMs, max + 1)).toHaveLength(max);
});

test("kinds do not take each other's lines, and notes have the level of what was left out", () => {
  const limiter = new LogLimiter();
  flood(limiter, 0, max);
  expect(limiter.admit(0, "other", line("other", "WARN"), max)).toEqual([line("other", "WARN")]);
  limiter.admit(1, "refused", line("late", "WARN"), max);
  expect(limiter.due(limitIntervalMs)).toEqual([line("… and 1 more like it, the last: late", "WARN")]);
});

test("a slow trickle passes whole", () => {
  const limiter = new LogLimiter();
  const seen = Array.from({ length: 1000 }, (_, index) =>
    limiter.admit(index * 500, "refused", line("x"), max),
  ).flat();
  expect(seen).toHaveLength(1000);
});

test("a line that is forgiven does not count", () => {
  const limiter = new LogLimiter();
  for (let round = 0; round < 3 * max; round++) {
    expect(limiter.admit(0, "refused", line("x"), max)).toHaveLength(1);
    limiter.forgive("refused");
  }
  limiter.forgive("refused");
  expect(flood(limiter, 0, 2 * max)).toHaveLength(max);
});
