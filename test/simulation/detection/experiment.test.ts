import { describe, expect, test } from "vitest";
import type { SwimConfig } from "../../../src/core/swim/config.ts";
import { crashes, falseFailures, plainDetection, type Trouble } from "./experiment.ts";

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const shortest: Partial<SwimConfig> = { crashHoldMs: 300 };

function quantile(list: readonly number[], part: number): number {
  return [...list].sort((a, b) => a - b)[Math.floor(part * list.length)]!;
}

/** The times until all others knew of crashes, over all seeds. */
function times(size: number, swim: Partial<SwimConfig>, silently = false): number[] {
  return seeds.flatMap((seed) => {
    const { lastMs, wrong } = crashes({ seed, size, swim }, 4, silently);
    expect(wrong, `seed ${seed}`).toBe(0);
    return lastMs;
  });
}

describe("a killed program whose host is up", () => {
  test.each([
    8, 30, 100,
  ])("is known to all of %d in half of the time, with the shortest hold in a third", (size) => {
    const plain = times(size, plainDetection);
    const ours = times(size, {});
    const fast = times(size, shortest);
    for (const part of [0.5, 0.9]) {
      expect(quantile(ours, part)).toBeLessThan(0.65 * quantile(plain, part));
      expect(quantile(fast, part)).toBeLessThan(0.45 * quantile(plain, part));
    }
  }, 60_000);
});

test("a host without power is known no later", () => {
  expect(quantile(times(8, {}, true), 0.5)).toBeLessThanOrEqual(
    quantile(times(8, plainDetection, true), 0.5),
  );
});

describe("no member is reported wrongly", () => {
  const troubles: readonly (readonly [Trouble, number])[] = [
    ["refusing from the start, pauses", 0],
    ["refusing later, loss", 0.2],
    ["restarts", 0],
    ["restarts", 0.1],
    ["pauses", 0],
    ["pauses", 0.1],
    ["full, pauses", 0],
  ];
  test.each(troubles)(
    "because of: %s, with a loss of %d",
    (trouble, loss) => {
      const wrong = (swim: Partial<SwimConfig>): number =>
        seeds.reduce((sum, seed) => sum + falseFailures(trouble, { seed, size: 8, swim, loss }, 10), 0);
      expect(wrong({})).toBe(0);
      expect(wrong(plainDetection)).toBe(0);
      // With the shortest hold a program may be missed that is really down, but none that runs.
      if (trouble !== "restarts") expect(wrong(shortest)).toBe(0);
    },
    60_000,
  );
});
