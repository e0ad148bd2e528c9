/** The code of `docs/testing.md`, word for word, in every test runner that the page names. */

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
import { read, root } from "./tidy/sources.ts";

const page = "docs/testing.md";
const [handler = "", test = ""] = pageBlocks(page, "ts").map(({ text }) => text);
/** The first lines by the command, from the table. */
const firstLines = new Map(
  Array.from(read(page).matchAll(/^\| `([^`]+)` \| `(.* test .*)` \|$/gm), ([, command, line]) => [
    command!,
    line!,
  ]),
);
const modules = { tserf: "runtimes/any/mod.ts", "tserf/sim": "runtimes/sim/mod.ts" };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tserf-guide-"));
  const places = Object.entries(modules).map(([name, path]) => [name, join(root, path)] as const);
  const alias = Object.fromEntries([...places].reverse());
  const paths = Object.fromEntries(places.map(([name, path]) => [name, [path]]));
  const imports = Object.fromEntries(places.map(([name, path]) => [name, pathToFileURL(path).href]));
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await write("vitest.config.mjs", `export default ${JSON.stringify({ resolve: { alias } })};`);
  await write("package.json", '{ "type": "module" }');
  await write("tsconfig.json", JSON.stringify({ compilerOptions: { paths } }));
  await write("deno.json", JSON.stringify({ imports, nodeModulesDir: "manual" }));
  await write("web_servers.ts", handler);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/**
 * Writes the test with the first line for a command of the page, such as `bun test`, runs it by
 * `program` with `args` and the other arguments of that command, and returns all that was printed.
 */
async function run(command: string, program: string, args: readonly string[]): Promise<string> {
  const [whole = "", line] = [...firstLines].find(([name]) => name.startsWith(command)) ?? [];
  const options = whole.slice(command.length).split(" ").slice(1);
  await writeFile(join(folder, "web_servers.test.ts"), test.replace(/^.*\n/, `${line}\n`));
  // The runner of this suite passes settings on to those that it starts.
  const { VITEST: _, NODE_ENV: __, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(program, [...args, ...options], {
    cwd: folder,
    env: { ...env, NO_COLOR: "1", CI: "true" },
    timeout: 60_000,
  });
  return stdout + stderr;
}

describe("the guide to testing", { timeout: 90_000 }, () => {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const before = { node: [], deno: ["run", "-A", "--node-modules-dir=manual"], bun: ["--bun"] } as const;

  it("shows the first line for vitest", () => {
    expect([...firstLines]).toHaveLength(3);
    expect(test.split("\n")[0]).toBe([...firstLines.values()][0]);
  });

  for (const name of ["node", "deno", "bun"] as const) {
    it.skipIf(lacks(name))(`passes in vitest on ${name}`, async () => {
      const output = await run("npx vitest run", pathOf(name), [...before[name], vitest, "run"]);
      expect(output).toMatch(/Tests +1 passed/);
    });
  }

  it.skipIf(lacks("bun"))("passes in bun test", async () => {
    expect(await run("bun test", pathOf("bun"), ["test"])).toMatch(/1 pass\n\s*0 fail/);
  });

  it.skipIf(lacks("deno"))("passes in deno test", async () => {
    const output = await run("deno test", pathOf("deno"), ["test", "--no-check"]);
    expect(output).toContain("1 passed | 0 failed");
  });

  it("compiles", async () => {
    await writeFile(join(folder, "web_servers.test.ts"), test);
    const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
    const program = ts.createProgram([join(folder, "web_servers.test.ts")], {
      ...options,
      preserveSymlinks: true,
      noUnusedLocals: false,
      isolatedDeclarations: false,
      declaration: false,
      typeRoots: [join(root, "node_modules", "@types")],
    });
    const faults = ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) =>
          `${file?.fileName ?? ""} ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
      );
    expect(faults).toEqual([]);
  });
});
