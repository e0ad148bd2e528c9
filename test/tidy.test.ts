/**
 * The rules for single files, checked on every file; each rule first has to reject a file that
 * breaks it. Rules about many files are beside their data in `test/tidy`.
 */
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { denoJson, entryPoints, packageJson } from "./tidy/manifests.ts";
import * as rules from "./tidy/rules.ts";
import { imports, paths, read, resolve, root, type Source, source, sources, walk } from "./tidy/sources.ts";

const product = sources("src", "runtimes", "wasm/assembly");
const tests = sources("test", "examples");
const ours = product.filter(({ path }) => !path.startsWith("wasm/"));

interface Rule {
  readonly name: string;
  readonly check: (file: Source) => string[];
  readonly files: readonly Source[];
  /** Samples that break the rule, under a path it applies to. */
  readonly path: string;
  readonly broken: readonly string[];
  /** Samples that only look as if they did. */
  readonly sound: readonly string[];
}

const table: readonly Rule[] = [
  {
    name: "the core is pure",
    check: rules.pureCore,
    files: ours,
    path: "src/core/swim/a.ts",
    broken: [
      "const a = Date.now();",
      "export async function f() {}",
      "async () => { await 1; }",
      "let p: Promise<void>;",
      "Math.random();",
      "setTimeout(f, 1);",
      "console.log(1);",
      "crypto.getRandomValues(b);",
      "performance.now();",
      'import { pack } from "msgpackr";',
    ],
    sound: [
      'const text = "Date.now() await";',
      "// console.log",
      "random.crypto();",
      "const a = { Date: 1 };",
    ],
  },
  {
    name: "logarithms live in one file",
    check: rules.exactArithmetic,
    files: ours,
    path: "src/core/serf/a.ts",
    broken: ["Math.log2(3);", "const a = Math.exp;", "const a = 2 ** b;", "a **= 2;"],
    sound: ["Math.max(1, 2);", "log.log(1);", '"Math.log(1)";'],
  },
  {
    name: "src names no runtime",
    check: rules.noRuntime,
    files: ours,
    path: "src/agent/a.ts",
    broken: [
      'import { join } from "node:path";',
      "Deno.exit();",
      "Bun.version;",
      "process.env;",
      "globalThis.Deno;",
      'await import("node:fs");',
    ],
    sound: ["machine.process.pause();", '"Deno"', "interface Host { process: string }"],
  },
  {
    name: "no module has state",
    check: rules.noModuleState,
    files: ours,
    path: "src/a.ts",
    broken: [
      "let count = 0;",
      "const seen = new Map(); function f() { seen.set(1, 2); }",
      "const list = []; function f() { list[0] = 1; }",
      "const all = { a: 1 }; function f() { all.a = 2; }",
      "class A { static count = 0; }",
    ],
    sound: [
      "const seen = new Map(); seen.get(1);",
      "function f() { let a = 1; }",
      "class A { static readonly a = 1; }",
    ],
  },
  {
    name: `no file is longer than ${rules.lineCountMax} lines`,
    check: rules.short,
    files: product,
    path: "src/a.ts",
    broken: [`${"\n".repeat(rules.lineCountMax)}a;`],
    sound: [`${"\n".repeat(rules.lineCountMax - 1)}a;`],
  },
  {
    name: "every file opens with what it is",
    check: rules.introduced,
    files: [...product, ...tests.filter(({ path }) => !path.endsWith(".test.ts"))],
    path: "src/a.ts",
    broken: ["const a = 1;", 'import "a";\n/** A comment that comes late. */', "#!/usr/bin/env node\nrun();"],
    sound: [
      "/** What this file is for. */\nconst a = 1;",
      "#!/usr/bin/env node\n/** What this file is for. */\nrun();",
    ],
  },
  {
    name: "every export is documented",
    check: rules.documented,
    files: ours,
    path: "src/a.ts",
    broken: ["export const a = 1;", "// no\nexport function f() {}", "export type A = 1;"],
    sound: ["/** A. */\nexport const a = 1;", "const b = 1;", 'export * from "./b.ts";'],
  },
  {
    name: "constants are camelCase",
    check: rules.camelCase,
    files: [...ours, ...tests],
    path: "src/a.ts",
    broken: ["const SIZE_MAX = 1;", "export const HELP = 1;"],
    sound: ["const sizeMax = 1;", "const Shape = {};"],
  },
  {
    name: "nothing is put off",
    check: rules.finished,
    files: [...product, ...tests],
    path: "src/a.ts",
    broken: [`// ${"TO"}${"DO"}: later`],
    sound: ["const todos = 1;"],
  },
];

describe.each(table)("$name", ({ check, files, path, broken, sound }) => {
  it("rejects the samples that break it", () => {
    for (const text of broken) expect(check(source(path, text)), text).not.toEqual([]);
  });

  it("accepts the samples that only look so", () => {
    for (const text of sound) expect(check(source(path, text)), text).toEqual([]);
  });

  it("holds for every file", () => {
    expect(files.flatMap(check)).toEqual([]);
  });
});

describe("files", () => {
  const all = new Map([...product, ...tests, ...sources("wasm")].map((file) => [file.path, file]));

  /** Files that are reached by imports from some of them. */
  function reachable(entries: Iterable<string>): Set<string> {
    const reached = new Set<string>();
    const waiting = [...entries];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      const file = all.get(path);
      if (file === undefined || reached.has(path)) continue;
      reached.add(path);
      for (const { to } of imports(file)) if (to.startsWith(".")) waiting.push(resolve(file, to));
    }
    return reached;
  }

  it("of the product are reached from an entry point", () => {
    const reached = reachable(entryPoints());
    expect(ours.filter(({ path }) => !reached.has(path)).map(({ path }) => path)).toEqual([]);
  });

  it("of the tests are reached from a test, or named by one that starts them as a program", () => {
    const named = new Set<string>();
    for (const { path, tree } of tests) {
      for (const node of walk(tree)) {
        if (!ts.isStringLiteralLike(node) || !/\.ts$/.test(node.text)) continue;
        named.add(posix.normalize(node.text)).add(posix.join(posix.dirname(path), node.text));
      }
    }
    const starters = ["package.json", "test/runtimes/run.mjs", "vitest.config.ts"].map(read);
    const demos = paths("examples", "/demo.sh").map((path) => read(path).replaceAll("$EXAMPLES", "examples"));
    for (const text of [...starters, ...demos]) {
      for (const [name] of text.matchAll(/[\w./]+\.ts/g))
        named.add(name).add(posix.join("test/runtimes", name));
    }
    const entries = tests
      .map(({ path }) => path)
      .filter((path) => path.endsWith(".test.ts") || named.has(path));
    const reached = reachable(entries);
    expect(tests.filter(({ path }) => !reached.has(path)).map(({ path }) => path)).toEqual([]);
  });

  it("that are imported exist", () => {
    const missing = [...all.values()].flatMap((file) =>
      imports(file)
        .filter(({ to }) => to.startsWith("."))
        .map(({ to }) => resolve(file, to))
        // AssemblyScript leaves the ending out.
        .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, `${path}.ts`))),
    );
    expect(missing).toEqual([]);
  });
});

describe("manifests", () => {
  it("agree on the version", () => {
    const { version } = packageJson();
    expect(denoJson().version).toBe(version);
    expect(read("src/version.ts")).toContain(`"${version}"`);
    expect(read("CHANGELOG.md")).toContain(`## ${version}`);
  });

  it("agree on dependencies, which are exact", () => {
    const { dependencies } = packageJson();
    for (const [where, map] of [
      ["deno.json", denoJson().imports],
      ["runtimes/deno/deno.json", denoJson("runtimes/deno/deno.json").imports],
    ] as const) {
      const packages = new Map<string, string>();
      for (const target of Object.values(map)) {
        const [, name, version] = /^npm:(@?[^@]+)@([^/]+)/.exec(target) ?? [];
        if (name !== undefined && version !== undefined) packages.set(name, version);
      }
      expect(Object.fromEntries(packages), where).toEqual(dependencies);
    }
  });

  it("offer the same entry points", () => {
    const offered = Object.keys(packageJson().exports).filter((name) => name !== "./package.json");
    expect(Object.keys(denoJson().exports).sort()).toEqual(offered.sort());
  });
});
