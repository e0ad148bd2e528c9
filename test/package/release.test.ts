/** One version everywhere, workflows whose steps exist, and a list of what the package is made of. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lacks, pathOf } from "../machine/here.ts";
import { read, root } from "../tidy/sources.ts";
import { packedManifest } from "./installed.ts";

const execute = promisify(execFile);
const workflows = join(root, ".github/workflows");

describe("npm version", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tserf-version-"));
    for (const path of ["package.json", "deno.json", "CHANGELOG.md", "src/version.ts", "tools/version.mjs"])
      await cp(join(root, path), join(folder, path));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("changes the version in every place, and gives the changes a heading", async () => {
    const git = async (...args: readonly string[]): Promise<string> =>
      (await execute("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: folder })).stdout;
    await git("init", "--quiet");
    await git("add", ".");
    await git("commit", "--quiet", "-m", "before");
    const env = {
      ...process.env,
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a@b",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a@b",
    };
    await execute("npm", ["version", "12.34.56"], { cwd: folder, env });
    expect(
      (await git("show", "--name-only", "--format=%s", "v12.34.56^{commit}")).trim().split("\n"),
    ).toEqual([...["12.34.56", "", "CHANGELOG.md", "deno.json", "package.json", "src/version.ts"]]);
    for (const path of ["package.json", "deno.json", "src/version.ts"])
      expect(await readFile(join(folder, path), "utf8")).toContain('"12.34.56"');
    const changes = await readFile(join(folder, "CHANGELOG.md"), "utf8");
    expect(changes).toMatch(/^## Unreleased\n\n## 12\.34\.56 \(\d{4}-\d\d-\d\d\)$/m);
  });

  it("is noticed where it differs", async () => {
    const check = [join(folder, "tools/version.mjs"), "--check"];
    await execute("node", check);
    const path = join(folder, "deno.json");
    await writeFile(path, (await readFile(path, "utf8")).replace(/"version": ".*"/, '"version": "0.0.1"'));
    await expect(execute("node", check)).rejects.toThrow("deno.json: not the version 12.34.56");
  });
});

describe("npm run sbom", () => {
  it.each([
    "cyclonedx",
    "spdx",
  ])("lists the package and all that is installed with it, as %s", async (format) => {
    const args = ["run", "--silent", "sbom", "--", `--sbom-format=${format}`];
    const { stdout } = await execute("npm", args, { cwd: root });
    const { version, dependencies } = packedManifest();
    const versions = { tserf: version, ...dependencies };
    for (const [name, each] of Object.entries(versions)) expect(stdout).toContain(`pkg:npm/${name}@${each}`);
    expect(stdout).not.toContain("pkg:npm/vitest@");
  });
});

describe.skipIf(lacks("bun"))("the workflows", () => {
  interface Step {
    readonly uses?: string;
    readonly run?: string;
  }
  interface Job {
    readonly needs?: readonly string[];
    readonly steps: readonly Step[];
    readonly "timeout-minutes"?: number;
  }

  it("run commands and files that exist, with jobs that end", async () => {
    const program = "console.log(JSON.stringify(Bun.YAML.parse(await Bun.file(process.argv[1]).text())))";
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const names = await readdir(workflows);
    expect(names).toEqual(expect.arrayContaining(["release.yml", "test.yml"]));
    for (const name of names) {
      const { stdout } = await execute(pathOf("bun"), ["-e", program, join(workflows, name)]);
      const { jobs, permissions } = JSON.parse(stdout) as { jobs: Record<string, Job>; permissions: unknown };
      // What a job may do more it names itself.
      expect(permissions).toEqual({ contents: "read" });
      for (const job of Object.values(jobs)) {
        expect(job["timeout-minutes"]).toBeGreaterThan(0);
        for (const need of job.needs ?? []) expect(Object.keys(jobs)).toContain(need);
        for (const { uses, run } of job.steps) {
          if (uses !== undefined) expect(uses).toMatch(/^(actions|denoland)\/[\w-]+@v\d+$/);
          const [, script] = /^npm run (?:--silent )?([\w:]+)/.exec(run ?? "") ?? [];
          if (script !== undefined) expect(Object.keys(scripts)).toContain(script);
          const [, file] = /^(?:node )?((?:tools|\.ci)\/\S+)/.exec(run ?? "") ?? [];
          if (file !== undefined) expect(read(file)).not.toBe("");
        }
      }
    }
  });

  it("publishes with provenance, after everything else", () => {
    const text = read(".github/workflows/release.yml");
    expect(text).toContain("needs: [package, programs, node-programs]");
    expect(text.indexOf("npm publish --provenance")).toBeGreaterThan(text.indexOf("attest-build-provenance"));
    expect(text).not.toMatch(/NPM_TOKEN|NODE_AUTH_TOKEN/);
  });
});
