import { describe, expect, it } from "vitest";
import { compare, same } from "./compare.ts";
import { type IntendedDifference, intendedAt, left } from "./intended.ts";
import type { Observed } from "./transcript.ts";

const original: Observed = { stdout: "first\nsecond\nthird\n", stderr: "odd\n", end: "exit 1" };

describe("the comparison reports", () => {
  it.each<[string, Partial<Observed>, string[], string[]]>([
    ["nothing where nothing differs", {}, [], []],
    ["a changed word", { stdout: "first\nsecund\nthird\n" }, ["stdout: second"], ["stdout: secund"]],
    ["a missing line", { stdout: "first\nthird\n" }, ["stdout: second"], []],
    ["a line too many", { stdout: "first\nsecond\nsecond\nthird\n" }, [], ["stdout: second"]],
    ["lines in another order", { stdout: "second\nfirst\nthird\n" }, ["stdout: first"], ["stdout: first"]],
    [
      "blanks at the end of a line",
      { stdout: "first \nsecond\nthird\n" },
      ["stdout: first"],
      ["stdout: first "],
    ],
    [
      "a missing newline at the end",
      { stdout: "first\nsecond\nthird" },
      ["stdout: third"],
      ["stdout: third (no newline)"],
    ],
    ["an empty line at the end", { stdout: "first\nsecond\nthird\n\n" }, [], ["stdout: "]],
    ["the other stream", { stdout: `${original.stdout}odd\n`, stderr: "" }, ["stderr: odd"], ["stdout: odd"]],
    ["another exit code", { end: "exit 0" }, ["end: exit 1"], ["end: exit 0"]],
    ["a signal", { end: "exit signal SIGKILL" }, ["end: exit 1"], ["end: exit signal SIGKILL"]],
  ])("%s", (_what, change, missing, extra) => {
    const found = compare(original, { ...original, ...change });
    expect(found).toEqual({ original: missing, ours: extra });
    expect(same(found)).toBe(missing.length + extra.length === 0);
  });
});

describe("an intended difference", () => {
  const meant: IntendedDifference = {
    scenario: "s",
    steps: [2],
    original: ["stdout: second", "note: told"],
    ours: ["stdout: 2nd"],
    reason: "numbers are short",
  };
  const found = compare(original, { ...original, stdout: "first\n2nd\nthird\n" });

  it("is left out of the result in its place", () => {
    expect(same(left(found, intendedAt([meant], 2, "outputs")))).toBe(true);
    expect(same(left(found, intendedAt([meant], 3, "outputs")))).toBe(false);
    expect(intendedAt([meant], 2, "notes")).toEqual({ original: ["note: told"], ours: [] });
  });

  it("hides no other difference in the same place", () => {
    const more = compare(original, { ...original, stdout: "first\n2nd\n2nd\n" });
    expect(left(more, intendedAt([meant], 2, "outputs"))).toEqual({
      original: ["stdout: third"],
      ours: ["stdout: 2nd"],
    });
  });

  it("has to occur", () => {
    expect(left({ original: [], ours: [] }, intendedAt([meant], 2, "outputs"))).toEqual({
      original: ["listed, but not seen: stdout: second"],
      ours: ["listed, but not seen: stdout: 2nd"],
    });
  });
});
