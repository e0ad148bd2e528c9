/** Every block of code in the README and in `docs` is run, compiled if it is TypeScript, or listed with the reason why not. */

import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { paths, read, root } from "../tidy/sources.ts";
import { type Block, pageBlocks } from "./blocks.ts";
import { isUnrun } from "./check.ts";
import { isSample } from "./page.ts";
import { guides, readme, starts } from "./readings.ts";
import { isShown } from "./sample.ts";
import { elsewhere, unrun } from "./unrun.ts";

const pages = ["README.md", ...paths("docs", ".md")];
const run = new Set([...readme, ...starts, ...guides].map(([page]) => page));
const blocks = pages.flatMap((page) => pageBlocks(page));
const placeOf = ({ page, line }: Block): string => `${page}:${line}`;

describe("the blocks of a page", () => {
  const page = (text: string): Block[] => pageBlocks("page.md", undefined, text);

  it("have a language, options and a line", () => {
    expect(page("a\n\n```sh terminal=two exit=1\nls\n```\n\n```json file=a.json\n{}\n```\n")).toEqual([
      { page: "page.md", line: 3, language: "sh", options: { terminal: "two", exit: "1" }, text: "ls\n" },
      { page: "page.md", line: 7, language: "json", options: { file: "a.json" }, text: "{}\n" },
    ]);
  });

  it("may hold shorter fences", () => {
    expect(page("````md\n```sh\nls\n```\n````\n").map(({ text }) => text)).toEqual(["```sh\nls\n```\n"]);
  });

  it("are refused without a language, with an unknown option, and without an end", () => {
    expect(() => page("```\nls\n```")).toThrow("page.md:1: this block has no language");
    expect(() => page("```sh termnal=two\nls\n```")).toThrow('page.md:1: unknown option "termnal"');
    expect(() => page("a\n```sh\nls")).toThrow("page.md:2: this block has no end");
  });
});

describe("a sample of output", () => {
  const output = "2026/01/02 03:04:05 [INFO] one\nname   alive   role=web\nname   failed\nlast\n";

  it("is shown if each of its lines has one of its own", () => {
    for (const sample of [
      "last\n",
      "name alive role=web\n…\nlast",
      "name …\nname …\n",
      "2020/11/12 00:00:00 [INFO] one",
    ])
      expect(isShown(sample, output), sample).toBe(true);
    for (const sample of ["las\n", "last\nlast", "name …\nname …\nname …", "name alive", "[INFO] one"])
      expect(isShown(sample, output), sample).toBe(false);
  });
});

describe("the README and docs", () => {
  it("have blocks", () => {
    expect(blocks.length).toBeGreaterThan(150);
  });

  it("have no block that is neither run nor listed", () => {
    const forgotten = blocks.filter(
      (block) => !run.has(block.page) && !elsewhere.has(block.page) && !isUnrun(block),
    );
    expect(forgotten.map(placeOf)).toEqual([]);
  });

  it("show output only below the command that prints it", () => {
    const orphans = blocks.filter((block, index) => {
      const before = blocks.slice(0, index).filter(({ page }) => page === block.page);
      return (
        run.has(block.page) &&
        isSample(block) &&
        !isUnrun(block) &&
        !before.some(({ language }) => language === "sh")
      );
    });
    expect(orphans.map(placeOf)).toEqual([]);
  });

  it("use every file that they have the reader write", () => {
    const unused = blocks.filter(({ page, line, options: { file } }) => {
      const others = blocks.filter((block) => block.page === page && block.line !== line);
      return file !== undefined && !others.some(({ text }) => text.includes(file));
    });
    expect(unused.map(placeOf)).toEqual([]);
  });

  it("are listed only as long as they exist", () => {
    const stale = unrun.filter(
      ({ page, begins }) => !blocks.some((block) => block.page === page && block.text.startsWith(begins)),
    );
    expect(stale).toEqual([]);
    for (const [page, test] of elsewhere) {
      expect(pageBlocks(page)).not.toEqual([]);
      expect(read(test)).toContain(page);
    }
  });

  it("have programs that compile, in JavaScript as in TypeScript", { timeout: 90_000 }, () => {
    const programs = blocks.filter(({ page, language, options }) => {
      return ["ts", "js"].includes(language) && options["file"] !== undefined && !elsewhere.has(page);
    });
    expect(programs.length).toBeGreaterThan(8);
    expect(faults(programs)).toEqual([]);
    const [wrong] = programs;
    expect(
      faults([{ ...wrong!, text: `${wrong!.text}\nconst n: number = Serf.start;\nvoid n;\n` }]),
    ).toHaveLength(1);
  });
});

/** What TypeScript says about programs, as if each lay in the root. */
function faults(programs: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const texts = new Map(programs.map((block, index) => [join(root, `block${index}.ts`), block]));
  const settings = { ...options, isolatedDeclarations: false, declaration: false };
  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => texts.has(path) || fileExists.call(host, path);
  host.getSourceFile = (path, ...others) => {
    const block = texts.get(path);
    if (block === undefined) return getSourceFile.call(host, path, ...others);
    return ts.createSourceFile(path, block.text, ts.ScriptTarget.ES2022, true);
  };
  const program = ts.createProgram([...texts.keys()], settings, host);
  return [...texts].flatMap(([path, block]) =>
    [
      ...program.getSyntacticDiagnostics(program.getSourceFile(path)),
      ...program.getSemanticDiagnostics(program.getSourceFile(path)),
    ].map(({ messageText }) => `${placeOf(block)} ${ts.flattenDiagnosticMessageText(messageText, " ")}`),
  );
}
