import { beforeEach, expect, test } from "vitest";
import { heldMax, holdMs, SlowClose } from "../../src/async/slow_close.ts";
import type { Cancel, Clock, Connection } from "../../src/runtime.ts";

let now: number;
let due: { at: number; run: () => void }[];
let closed: number[];
let slow: SlowClose;

beforeEach(() => {
  now = 0;
  due = [];
  closed = [];
  const after = (delayMs: number, run: () => void): Cancel => {
    due.push({ at: now + delayMs, run });
    return () => undefined;
  };
  slow = new SlowClose({ now: () => now, after } as unknown as Clock);
});

/** Closes connections with these numbers. */
function close(from: number, count: number): void {
  for (let number = from; number < from + count; number++)
    slow.close({ close: () => closed.push(number) } as unknown as Connection);
}

function passUntil(at: number): void {
  for (;;) {
    const next = due.sort((a, b) => a.at - b.at)[0];
    if (next === undefined || next.at > at) break;
    due.shift();
    now = next.at;
    next.run();
  }
  now = at;
}

const numbers = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);

test("closes a few connections at once", () => {
  close(0, 64);
  expect(closed).toEqual(numbers(0, 64));
  passUntil(holdMs);
  close(64, 64);
  expect(closed).toEqual(numbers(0, 128));
  expect(due).toEqual([]);
});

test("holds those beyond for a while, and closes them in their order", () => {
  close(0, 70);
  passUntil(100);
  close(70, 5);
  expect([closed.length, slow.size]).toEqual([64, 11]);
  passUntil(holdMs - 1);
  expect(closed.length).toBe(64);
  passUntil(holdMs);
  expect(closed).toEqual(numbers(0, 70));
  passUntil(holdMs + holdMs / 10);
  expect(closed).toEqual(numbers(0, 75));
  expect([slow.size, due.length]).toEqual([0, 0]);
});

test("holds no more than a limit: the oldest is closed for a new one", () => {
  close(0, 64 + heldMax + 3);
  expect(closed).toEqual(numbers(0, 67));
  expect([slow.size, due.length]).toEqual([heldMax, 1]);
});

test("lets go of all of them at the end", () => {
  close(0, 100);
  slow.closeAll();
  expect(closed).toEqual(numbers(0, 100));
  passUntil(2 * holdMs);
  expect(closed.length).toBe(100);
});
