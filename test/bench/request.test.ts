import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { argumentsOf, parts, type Request, readRequest, usage } from "./request.ts";
import { mergeRounds, Results, tableText } from "./results.ts";

function request(...args: string[]): Request {
  const read = readRequest(args);
  if (typeof read === "string") throw new Error(read);
  return read;
}

describe("the command line of all benchmarks", () => {
  test("without arguments wants every part on every runtime", () => {
    expect(request()).toEqual({
      parts: ["codec", "go-codec", "packets", "sim", "spread", "start", "rpc", "cluster"],
      only: ["go", "node", "node24", "deno", "bun"],
      rounds: 3,
      quick: false,
      json: undefined,
    });
  });

  test("chooses parts, which run in their own order", () => {
    expect(request("rpc", "codec", "--only=bun,go", "--rounds=1", "--quick", "--json=x.json")).toEqual({
      parts: ["codec", "rpc"],
      only: ["bun", "go"],
      rounds: 1,
      quick: true,
      json: "x.json",
    });
  });

  test.each([
    ["an unknown part", ["codecs"], 'There is no part "codecs"'],
    ["a part named like a property of all objects", ["toString"], 'There is no part "toString"'],
    ["an unknown runtime", ["--only=node,rust"], 'There is no program "rust"'],
    ["an unknown flag", ["--fast"], "Unknown option '--fast'"],
    ["no round", ["--rounds=0"], "--rounds is a number from 1 to 99"],
    ["half a round", ["--rounds=1.5"], "--rounds is a number from 1 to 99"],
  ])("refuses %s and says what there is", (_what, args, text) => {
    const read = readRequest(args);
    expect(read).toContain(text);
    expect(read).toContain(usage);
  });

  test("prints all parts as help", () => {
    expect(readRequest(["--help"])).toBe(usage);
    for (const name of Object.keys(parts)) expect(usage).toContain(`  ${name}`);
  });

  test("passes the programs only to parts that start agents", () => {
    expect(argumentsOf("rpc", request("--only=go,bun"), "f")).toEqual(["--only=go,bun", "--json=f"]);
    expect(argumentsOf("codec", request("--only=go,bun"), "f")).toEqual(["--json=f"]);
    expect(argumentsOf("sim", request("--quick"), "f")).toEqual(["--nodes=30", "--seconds=60", "--json=f"]);
  });

  test("names files that exist", () => {
    for (const { file } of Object.values(parts))
      expect(existsSync(new URL(file, import.meta.url)), file).toBe(true);
  });
});

describe("figures of benchmarks", () => {
  test("are the medians of all rounds, also if a round lacks some", () => {
    const rounds = [{ a: { node: 1 } }, { a: { node: 9, bun: 2 } }, { a: { node: 3 }, b: { bun: 5 } }];
    expect(mergeRounds(rounds)).toEqual({ a: { node: 3, bun: 2 }, b: { bun: 5 } });
  });

  test("that were not measured are left out, in the table too", () => {
    const results = new Results();
    results.set("time", "go", Number.NaN);
    results.set("time", "node", 12.345);
    results.set("count", "go", 0);
    expect(results.figures).toEqual({ time: { node: 12.345 }, count: { go: 0 } });
    expect(tableText(results.figures).split("\n")).toEqual([
      "              node         go",
      "time          12.3           ",
      "count                       0",
    ]);
  });
});
