/** The second run for tests that failed. */

import { beforeEach, expect, it, vi } from "vitest";
// @ts-expect-error The script has no types: it starts before there is anything to compile it.
import { argumentsFor, withSecondChance } from "./again.mjs";

const failure = (test: string, file = "test/a.test.ts") => ({ file, test, message: "" });
const first = {
  name: "node",
  code: 1,
  passed: 7,
  failed: 1,
  skipped: 2,
  failures: [failure("on node (twice): a.b")],
};

function second(counts: { passed: number; failed: number; failures?: unknown[] }) {
  return (name: string) => Promise.resolve({ name, code: 0, skipped: 30, failures: [], ...counts });
}

beforeEach(() => {
  // Whoever reads a log of the tests would take these lists for failures.
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  return () => vi.restoreAllMocks();
});

it("runs the failed tests alone, by their whole names", () => {
  const args: string[] = argumentsFor(first.failures);
  expect(args.slice(0, 2)).toEqual(["test/a.test.ts", "--maxConcurrency=1"]);
  const pattern = new RegExp(args[2]!.replace("--testNamePattern=", ""));
  expect(pattern.test("on node (twice): a.b")).toBe(true);
  expect(pattern.test("on node (twice): axb")).toBe(false);
  expect(pattern.test("on node (twice): a.b and more")).toBe(false);
});

it("runs whole files when one of them could not be loaded", () => {
  expect(argumentsFor([failure("x"), failure("(the file itself)", "test/b.test.ts")])).toEqual([
    "test/a.test.ts",
    "test/b.test.ts",
    "--maxConcurrency=1",
  ]);
});

it("counts what passed the second time", async () => {
  const result = await withSecondChance(first, second({ passed: 1, failed: 0 }));
  expect(result).toMatchObject({ passed: 8, failed: 0, skipped: 2 });
});

it("counts what failed twice, and what the second run did not find", async () => {
  const again = second({ passed: 0, failed: 1, failures: first.failures });
  expect(await withSecondChance(first, again)).toMatchObject({ passed: 7, failed: 1 });
  expect(await withSecondChance(first, second({ passed: 0, failed: 0 }))).toBe(first);
});
