/** The program of `docs/library.md`: its blocks, word for word and in their order, on every runtime and for the compiler. */

import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageBlocks } from "./docs/blocks.ts";
import { lacks, pathOf } from "./machine/here.ts";
import { root } from "./tidy/sources.ts";

const page = "docs/library.md";
const blocks = pageBlocks(page);
const program = blocks.map(({ text }) => text).join("\n");
const modules = {
  tserf: "runtimes/any/mod.ts",
  "tserf/agent": "runtimes/any/agent.ts",
  "tserf/rpc": "runtimes/any/rpc.ts",
};
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tserf-library-"));
  const places = Object.entries(modules).map(([name, path]) => [name, join(root, path)] as const);
  const paths = Object.fromEntries(places.map(([name, path]) => [name, [path]]));
  const imports = Object.fromEntries(places.map(([name, path]) => [name, pathToFileURL(path).href]));
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await write("package.json", '{ "type": "module" }');
  await write("tsconfig.json", JSON.stringify({ compilerOptions: { paths } }));
  await write("deno.json", JSON.stringify({ imports, nodeModulesDir: "manual", unstable: ["net"] }));
  await write("program.ts", program);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What the comments of the page say that is printed; `joined one, joined two` are two lines. */
function promised(): string[] {
  return Array.from(program.matchAll(/console\.log\(.*\/\/ (.*)$/gm), ([, text]) => text!).flatMap((text) =>
    text.split(", joined").map((line, index) => (index === 0 ? line : `joined${line}`)),
  );
}

/** Quotes and spaces of printed objects differ between the runtimes. */
function plain(line: string): string {
  return line.replaceAll(/["'\s]/g, "");
}

describe("the guide to the library", { timeout: 90_000 }, () => {
  const options = {
    node: ["--import", join(root, "test/runtimes/typescript.mjs")],
    deno: ["run", "-A", "--no-check", "--node-modules-dir=manual"],
    bun: [],
  } as const;

  it("has no other blocks than those of its program", () => {
    expect(blocks.filter(({ language }) => language !== "ts")).toEqual([]);
    expect(promised().length).toBeGreaterThan(12);
  });

  for (const name of ["node", "deno", "bun"] as const) {
    it.skipIf(lacks(name, "loopback"))(`prints on ${name} what it promises, and ends`, async () => {
      const { stdout, stderr } = await promisify(execFile)(pathOf(name), [...options[name], "program.ts"], {
        cwd: folder,
        env: { ...process.env, NO_COLOR: "1" },
        timeout: 60_000,
      });
      // Bun prints a list over several lines.
      const printed = stdout.replaceAll(/\n +/g, " ").replaceAll(/,?\n([\]}])/g, " $1");
      expect(printed.trimEnd().split("\n").map(plain).sort()).toEqual(promised().map(plain).sort());
      expect(stderr).toBe("");
    });
  }

  it("compiles", () => {
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options: given } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    const compiled = ts.createProgram([join(folder, "program.ts")], {
      ...given,
      preserveSymlinks: true,
      isolatedDeclarations: false,
      declaration: false,
      typeRoots: [join(root, "node_modules", "@types")],
    });
    const faults = ts
      .getPreEmitDiagnostics(compiled)
      .map(
        ({ file, messageText }) => `${file?.fileName} ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
      );
    expect(faults).toEqual([]);
  });
});
