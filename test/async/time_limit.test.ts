import { expect, test } from "vitest";
import { withTimeLimit } from "../../src/async/time_limit.ts";
import { FakeClock } from "../agent/fakes.ts";

test("what ends in time is passed on, a failure as well", async () => {
  const clock = new FakeClock();
  expect(await withTimeLimit(clock, 1000, Promise.resolve("done"))).toBe("done");
  await expect(withTimeLimit(clock, 1000, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("what takes longer is late", async () => {
  const clock = new FakeClock();
  const end = withTimeLimit(clock, 1000, new Promise<string>(() => undefined));
  await clock.advance(1000);
  expect(await end).toBe("late");
});
