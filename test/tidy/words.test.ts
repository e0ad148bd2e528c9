/** Comments, documents and test titles are written as a colleague would say it aloud. */
import { describe, expect, it } from "vitest";
import { comments } from "./references.ts";
import { documents, source, sources } from "./sources.ts";
import { badWords, joined, sentences, titles, words } from "./words.ts";

/** A generated file, and the list of words itself. */
const exempt: readonly string[] = ["wasm/module.ts", "test/tidy/words.ts"];
const code = sources("src", "runtimes", "wasm", "test", "examples").filter(
  ({ path }) => !exempt.includes(path) && !path.startsWith("test/golden/"),
);
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

  it("is found in the title of a test, in whatever way the test is declared", () => {
    const declared = [
      'describe("goodbye", () => {});',
      'it("goodbye", { timeout: 1 }, () => {});',
      'test.skipIf(true)("goodbye", () => {});',
      'describe.skipIf(true).each([1])("goodbye %s", () => {});',
      "it.each`a`(`goodbye @{1} at @{2}`, () => {});",
      'check("one", f); check(`two @{1} goodbye`, f);',
    ];
    for (const text of declared.map((line) => line.replaceAll("@", "$"))) {
      const found = titles(source("test/a.test.ts", text)).flatMap(badWords);
      expect(found, text).toEqual(['test/a.test.ts:1 "goodbye": leave']);
    }
    const others = 'say("goodbye"); it(goodbye, () => {}); it("one", () => "goodbye");';
    expect(titles(source("test/a.test.ts", others)).flatMap(badWords)).toEqual([]);
  });
});

describe("no forbidden word is written", () => {
  it("in comments", () => {
    expect(joined(code.flatMap(comments)).flatMap(badWords)).toEqual([]);
  });

  it("in documents", () => {
    const ours = documents().filter(({ path }) => !path.startsWith("test/golden/"));
    expect(ours.flatMap(badWords)).toEqual([]);
  });

  it("in test titles", () => {
    const titled = code.filter(({ path }) => path.startsWith("test/"));
    expect(titled.flatMap(titles).flatMap(badWords)).toEqual([]);
  });
});
