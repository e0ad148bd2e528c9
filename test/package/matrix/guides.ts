/** The commands of the pages about programs and releases, in their order, in a clone; and the example of the client of agents. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAgent } from "../../deploy/compiled.ts";
import { pageBlocks } from "../../docs/blocks.ts";
import { unrun } from "../../docs/unrun.ts";
import { lacks, pathOf } from "../../machine/here.ts";
import { root } from "../../tidy/sources.ts";

const execute = promisify(execFile);

describe.skipIf(lacks("deno", "deno-cache", "bun", "node24", "dpkg-deb"))("in a clone", () => {
  let clone: string;

  beforeAll(async () => {
    clone = await mkdtemp(join(tmpdir(), "tserf-guides-"));
    await execute("git", ["clone", "--quiet", root, clone]);
    for (const path of ["node_modules", "test/runtimes/node_modules"])
      await symlink(join(root, path), join(clone, path));
  }, 120_000);

  afterAll(async () => {
    await rm(clone, { recursive: true, force: true });
  });

  // Where Deno's server is out of reach, its own program does in place of what its programs run on, as nobody runs the result.
  const env = { ...process.env, ...(lacks("deno-compile") ? { DENORT_BIN: pathOf("deno") } : {}) };
  const run = async (line: string): Promise<string> =>
    (await execute("sh", ["-ec", line], { cwd: clone, env, maxBuffer: 1 << 24 })).stdout;

  it.each(["docs/executables.md", "docs/releasing.md"])("every command of %s runs", {
    timeout: 900_000,
  }, async (page) => {
    // The command that runs this test is not run by it.
    const left = unrun.filter((each) => each.page === page).map(({ begins }) => begins);
    const blocks = pageBlocks(page, "sh").filter(
      ({ text }) => !text.includes("package:check") && !left.some((begins) => text.startsWith(begins)),
    );
    expect(blocks.length).toBeGreaterThan(0);
    for (const { text } of blocks) await run(text);
    if (page !== "docs/executables.md") return;
    const made = await readdir(join(clone, "programs"));
    for (const name of ["serf-bun", "serf-deno", "serf-node", "serf-bun-windows-x64.exe", "SHA256SUMS"])
      expect(made).toContain(name);
    expect(made.filter((name) => name.endsWith(".deb"))).toHaveLength(1);
  });

  it("the example of the client runs, with an agent at the usual port", { timeout: 60_000 }, async () => {
    const args = ["--import", join(root, "test/runtimes/typescript.mjs"), join(root, "runtimes/node/cli.ts")];
    const place = ["agent", "-node=usual", "-bind=127.0.0.1:17946"];
    const agent = await startAgent("node", [...args, ...place]);
    try {
      await rm(join(clone, "tsconfig.json"));
      const deno = ["test", "--doc", "-A", "runtimes/any/rpc.ts"];
      const { stdout } = await execute(pathOf("deno"), deno, { cwd: clone, env: { ...env, NO_COLOR: "1" } });
      expect(stdout).toContain("usual 127.0.0.1\n");
    } finally {
      agent.kill();
    }
  });
});
