/** Comments and documents are written as a colleague would say it aloud. */
import { describe, expect, it } from "vitest";
import { comments } from "./references.ts";
import { documents, source, sources } from "./sources.ts";
import { badWords, joined, sentences, words } from "./words.ts";

const code = sources("src", "runtimes", "wasm").filter(({ path }) => path !== "wasm/module.ts");
const inComment = (text: string) => joined(comments(source("src/a.ts", text))).flatMap(badWords);

describe.each([...words, ...sentences])('"$pattern"', ({ sample, instead }) => {
  it("is found, across lines as well", () => {
    const found = inComment(`/** ${sample} */`);
    expect(found).not.toEqual([]);
    expect(found.some((line) => line.endsWith(instead))).toBe(true);
    const broken = sample.replaceAll(" ", "\n * ");
    expect(inComment(`/**\n * ${broken}\n */`)).toHaveLength(found.length);
    const lines = sample.replaceAll(" ", "\n  // ");
    expect(inComment(`  // ${lines}`)).toHaveLength(found.length);
  });
});

describe("a word", () => {
  it("is found with its line", () => {
    expect(inComment("a();\n/**\n * One, as\n * ever.\n */")[0]).toMatch(/^src\/a.ts:3 "as ever"/);
  });

  it("may be part of another, or of code", () => {
    expect(inComment("// As everybody knows, originals and newsletters; a textile.")).toEqual([]);
    expect(inComment('const wishes = "goodbye";')).toEqual([]);
  });
});

describe("no forbidden word is written", () => {
  it("in comments", () => {
    expect(joined(code.flatMap(comments)).flatMap(badWords)).toEqual([]);
  });

  it("in documents", () => {
    const ours = documents().filter(({ path }) => !/^(test|examples)\/|^CHANGELOG/.test(path));
    expect(ours.flatMap(badWords)).toEqual([]);
  });
});
