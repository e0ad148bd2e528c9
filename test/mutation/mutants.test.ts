import { posix } from "node:path";
import { transformSync } from "rolldown/utils";
import { describe, expect, it } from "vitest";
import { paths, read } from "../tidy/sources.ts";
import { mutated, occurrences } from "./mutant.ts";
import { mutants } from "./mutants.ts";
import { stagesOf } from "./stages.ts";

describe("the mutants", () => {
  it("are at least a hundred, in all rooms of the core, each with a name of its own", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(100);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    const rooms = new Set(mutants.map(({ file }) => posix.dirname(file)));
    const all = new Set(paths("src/core", ".ts").map((path) => posix.dirname(path)));
    expect([...all].filter((room) => !rooms.has(room))).toEqual([]);
  });

  it("each apply to one place of one line of today's sources", () => {
    const faults = mutants.filter(
      (mutant) => mutant.find.includes("\n") || occurrences(mutant, read(mutant.file)) !== 1,
    );
    expect(faults.map(({ name }) => name)).toEqual([]);
  });

  it("each change their source into another that compiles", () => {
    for (const mutant of mutants) {
      const text = read(mutant.file);
      const wrong = mutated(mutant, text);
      expect(wrong, mutant.name).not.toBe(text);
      expect(transformSync(mutant.file, wrong).errors, mutant.name).toEqual([]);
    }
  });

  it("are tried with the tests of their subject first, and with every test of the core once", () => {
    const tests = paths("test/core", ".test.ts");
    for (const mutant of mutants) {
      const stages = stagesOf(mutant.file, tests, read);
      expect(stages.flat().sort(), mutant.name).toEqual(tests);
    }
    const [near] = stagesOf("src/core/swim/detection/prober.ts", tests, read);
    expect(near![0]).toBe("test/core/swim/detection/prober.test.ts");
  });
});
