/** The package as JSR gets it, from a plain clone: what Deno accepts, documents, examples, and programs outside of the clone. */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import { read, root } from "../tidy/sources.ts";

const execute = promisify(execFile);

describe.skipIf(lacks("deno", "deno-cache"))("for JSR, in a plain clone", { timeout: 120_000 }, () => {
  let clone: string;

  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), "tserf-jsr-"));
    await execute("git", ["clone", "--quiet", root, clone]);
  }, 60_000);

  afterAll(async () => {
    await rm(clone, { recursive: true, force: true });
  });

  /** Runs Deno in the clone; returns what it printed to standard error. */
  async function deno(...args: readonly string[]): Promise<string> {
    return (await denoWith(args)).stderr;
  }

  /** Runs Deno, in the clone unless another folder is given. */
  async function denoWith(args: readonly string[], cwd = clone): Promise<{ stdout: string; stderr: string }> {
    // Deno fetches what compiled programs run on from a server of its own. Its own program does as well, as long as nobody runs the result.
    const env = { ...process.env, NO_COLOR: "1", DENORT_BIN: pathOf("deno") };
    return await execute(pathOf("deno"), args, { cwd, env });
  }

  const exports = Object.values(
    (JSON.parse(read("deno.json")) as { exports: Record<string, string> }).exports,
  );

  it("has a document for every public symbol, and no private type in them", async () => {
    expect(await deno("doc", "--lint", ...exports)).toMatch(/^Checked \d+ files\n$/);
  });

  it("has examples that compile and run", async () => {
    // Deno puts imports before each example. Our own rule against unused ones is not for them, nor does JSR get it.
    await rm(join(clone, "tsconfig.json"));
    try {
      await deno("check", "--doc", ...exports);
      // That of the client needs an agent at the usual port, and is run by `npm run package:check`.
      const runnable = exports.filter((path) => !path.endsWith("rpc.ts"));
      const { stdout } = await denoWith(["test", "--doc", "-A", ...runnable]);
      expect(stdout).toMatch(/ok \| [2-9] passed/);
      expect(stdout).toContain("| 0 failed");
    } finally {
      await execute("git", ["checkout", "--quiet", "tsconfig.json"], { cwd: clone });
    }
  });

  it("is used outside of it by a line in the settings of another project", async () => {
    const project = await mkdtemp(join(tmpdir(), "tserf-outside-"));
    try {
      const [, settings] = /```json\n(\{ "links"[\s\S]*?)```/.exec(read("docs/releasing.md"))!;
      await writeFile(join(project, "deno.json"), settings!.replace("../tserf", clone));
      const program = `import { Serf } from "tserf";
        const serf = await Serf.start({ name: "outside", bind: "127.0.0.1:0", profile: "local" });
        console.log(serf.members().map(({ name }) => name).join());
        await serf.shutdown();`;
      await writeFile(join(project, "main.ts"), program);
      const { stdout } = await denoWith(["run", "-A", "--check", "main.ts"], project);
      expect(stdout).toBe("outside\n");
    } finally {
      await rm(project, { recursive: true, force: true });
    }
  });

  it("Deno accepts a publication", async () => {
    const output = await deno("publish", "--dry-run");
    expect(output).toContain("Success Dry run complete");
    expect(output.replace(/╭ Warning\n│\n│ {2}Ignored build scripts[\s\S]*?╰─\n/, "")).not.toMatch(
      /warning/i,
    );
    expect(output).not.toMatch(/test\/|assembly\//);
  });

  it.each(exports)("%s by itself passes the type check", async (path) => {
    await deno("check", path);
  });

  it("Deno checks, runs and tests a program", async () => {
    const path = join(clone, "small_test.ts");
    await writeFile(
      path,
      `import { Serf } from "tserf";
      import { World } from "tserf/sim";
      Deno.test("a node and a world", async () => {
        const serf = await Serf.start({ name: "one", bind: "127.0.0.1:0", profile: "local" });
        await serf.shutdown();
        await new World({ seed: 1 }).run(10);
      });`,
    );
    await deno("test", "-A", path);
  });

  it("Deno compiles the command line", async () => {
    await deno("compile", "--check", "-A", "--output", join(clone, "serf"), "runtimes/deno/cli.ts");
  });
});
