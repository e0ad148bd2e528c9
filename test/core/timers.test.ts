import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Timers } from "../../src/core/timers.ts";

describe("timers", () => {
  it("fire in order of time, and in order of setting at one time", () => {
    const timers = new Timers<string>();
    timers.set("b", 20, "b");
    timers.set("a", 10, "a");
    timers.set("c", 10, "c");
    expect(timers.take(9)).toBeUndefined();
    expect(timers.next()).toBe(10);
    expect([timers.take(10), timers.take(15), timers.take(19), timers.take(20)]).toEqual([
      "a",
      "c",
      undefined,
      "b",
    ]);
    expect(timers.next()).toBe(Number.POSITIVE_INFINITY);
  });

  it("behave like a map from keys to deadlines", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      at: fc.integer({ min: 0, max: 50 }),
      remove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const timers = new Timers<string>();
        const model = new Map<string, number>();
        for (const { key, at, remove } of steps) {
          if (remove) {
            timers.delete(key);
            model.delete(key);
          } else {
            timers.set(key, at, key);
            model.set(key, at);
          }
          expect(timers.next()).toBe(Math.min(Number.POSITIVE_INFINITY, ...model.values()));
        }
        const fired: number[] = [];
        for (let key = timers.take(1000); key !== undefined; key = timers.take(1000))
          fired.push(model.get(key)!);
        expect(fired).toEqual([...model.values()].sort((a, b) => a - b));
      }),
    );
  });
});
