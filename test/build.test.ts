/** `npm run build` and `npm run agent`: what they do to `dist`, on a small project with the same build program. */

import { execFile, spawn, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./interop/agents.ts";
import { root } from "./tidy/sources.ts";

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "tserf-build-"));
  await cp(join(root, "tools"), join(project, "tools"), { recursive: true });
  await symlink(join(root, "node_modules"), join(project, "node_modules"));
  await put("package.json", '{ "type": "module", "exports": { ".": "./dist/runtimes/node/mod.js" } }');
  await put(
    "tsconfig.build.json",
    `{ "compilerOptions": { "target": "ES2022", "module": "NodeNext", "types": [], "rootDir": ".", "allowImportingTsExtensions": true },
       "include": ["src", "runtimes/node/mod.ts"] }`,
  );
  await put("runtimes/node/mod.ts", 'export * from "../../src/greeting.ts";');
  await put("src/greeting.ts", 'export const greeting: string = "one";');
  await put("src/later/text.ts", 'export const text: string = "one, too";');
  for (const name of ["deno", "bun"]) await put(`runtimes/${name}/cli.ts`, "export {};");
  await put("runtimes/node/cli.ts", command("one"));
  await put("src/old.ts", "export const old = 1;");
});

afterEach(async () => {
  await rm(project, { recursive: true, force: true });
});

describe("the build", { timeout: 60_000 }, () => {
  it("says what it does, and does nothing while the sources stay the same", async () => {
    expect(await build()).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Building dist \.\.\.\nBuilt dist in [\d.]+ s\.\n$/),
      stderr: "",
    });
    expect(await greeting()).toBe("one");
    expect(await built("src/greeting.d.ts")).toContain("greeting: string");
    expect(await build()).toEqual({ code: 0, stdout: "dist is up to date.\n", stderr: "" });
    await put("src/greeting.ts", 'export const greeting: string = "two";');
    expect((await build()).stdout).toMatch(/^The sources have changed: building dist/);
    expect(await greeting()).toBe("two");
  });

  it("restores a file that is missing in dist, and removes what no source has any more", async () => {
    await build();
    await unlink(join(project, "dist/src/greeting.d.ts"));
    await unlink(join(project, "src/old.ts"));
    await build();
    expect((await readdir(join(project, "dist/src"))).sort()).toEqual([
      "greeting.d.ts",
      "greeting.d.ts.map",
      "later",
    ]);
  });

  it("leaves dist as it was if the sources do not compile", async () => {
    await build();
    await put("src/greeting.ts", "export const greeting: string = 1;");
    const failed = await build();
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("src/greeting.ts(1,14): error TS2322");
    expect(failed.stderr).toBe("Cannot build dist: the sources do not compile; it stays as it was\n");
    expect(await greeting()).toBe("one");
    expect((await readdir(project)).filter((name) => name.startsWith("dist"))).toEqual(["dist"]);
  });

  it("leaves a program that runs what it loads later, until the build for a release", async () => {
    await build();
    const running = spawn("node", ["dist/runtimes/node/cli.js"], { cwd: project });
    let output = "";
    running.stdout.on("data", (chunk: Uint8Array) => {
      output += new TextDecoder().decode(chunk);
    });
    await until("it waits", () => output === "one waits\n");
    await put("runtimes/node/cli.ts", command("two"));
    await put("src/later/text.ts", 'export const text: string = "two, too";');
    await build();
    running.stdin.end();
    await until("it has loaded", () => output === "one waits\none, too\n");
    const parts = join(project, "dist/runtimes/commands");
    expect((await readdir(parts)).filter((name) => /^text.*js$/.test(name))).toHaveLength(2);
    await build("--clean");
    expect((await readdir(parts)).filter((name) => /^text.*js$/.test(name))).toHaveLength(1);
  });

  it("writes command lines in ASCII, of which V8 keeps one byte for each character", async () => {
    await put("runtimes/node/cli.ts", 'const \u00b5s = "\u00b5s \ufffd \u{1f600}"; console.log(\u00b5s);');
    await build();
    expect(await built("runtimes/node/cli.js")).toMatch(/^\p{ASCII}*$/u);
    const { stdout } = spawnSync("node", ["dist/runtimes/node/cli.js"], { cwd: project, encoding: "utf8" });
    expect(stdout).toBe("\u00b5s \ufffd \u{1f600}\n");
  });

  it("can run twice at the same time", async () => {
    const codes = await Promise.all([build(), build()]);
    expect(codes.map(({ code }) => code)).toEqual([0, 0]);
    expect((await build()).stdout).toBe("dist is up to date.\n");
  });
});

/** A program that says its name, waits for the end of its input, and then loads the rest. */
function command(name: string): string {
  return `process.stdin.resume().on("end", async () => console.log((await import("../../src/later/text.ts")).text));
    console.log("${name} waits");`;
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(join(project, path, ".."), { recursive: true });
  await writeFile(join(project, path), text);
}

async function built(path: string): Promise<string> {
  return await readFile(join(project, "dist", path), "utf8");
}

/** What the built library has. */
async function greeting(): Promise<string> {
  const program = 'console.log((await import("./dist/runtimes/node/mod.js")).greeting)';
  return await new Promise((resolve) => {
    execFile("node", ["--input-type=module", "-e", program], { cwd: project }, (_, stdout) =>
      resolve(stdout.trim()),
    );
  });
}

async function build(...flags: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return await new Promise((resolve) => {
    execFile("node", ["tools/build.mjs", ...flags], { cwd: project }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
    );
  });
}
