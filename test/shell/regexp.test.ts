import { describe, expect, it } from "vitest";
import { PatternEngine } from "../../src/shell/regexp.ts";

describe("the regular-expression engine", () => {
  it("is loaded by the first expression, reports that once, and then matches RE2", async () => {
    let engine!: PatternEngine;
    let loads = 0;
    await new Promise<void>((resolve) => {
      engine = new PatternEngine(() => {
        loads += 1;
        resolve();
      });
      expect(engine.match("a", "a")).toBe("later");
      expect(engine.match("b", "a")).toBe("later");
    });
    expect(engine.match("^web", "web-1")).toBe(true);
    expect(engine.match("eb", "web")).toBe(true);
    expect(engine.match("^eb", "web")).toBe(false);
    expect(engine.match("(?i)WEB\\z", "web")).toBe(true);
    expect(engine.match("[[:alpha:]]\\pN", "x9")).toBe(true);
    for (const invalid of ["(", "(?=a)", "(a)\\1", "x".repeat(70_000)]) {
      expect(engine.match(invalid, "a")).toEqual({ fault: expect.stringMatching(/^error parsing regexp: /) });
    }
    expect(engine.match("[", "a")).toEqual({ fault: "error parsing regexp: missing closing ]: `[`" });
    for (let index = 0; index < 200; index++) expect(engine.match(`^${index}$`, `${index}`)).toBe(true);
    expect(loads).toBe(1);
  });

  it("tells those who wait for it before it is said to be loaded", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const engine = new PatternEngine(() => {
        order.push("loaded");
        engine.whenLoaded(() => order.push("at once"));
        resolve();
      });
      engine.whenLoaded(() => order.push(`waited ${JSON.stringify(engine.match("(", ""))}`));
    });
    expect(order).toEqual([expect.stringMatching(/^waited .*missing closing/), "loaded", "at once"]);
  });
});
